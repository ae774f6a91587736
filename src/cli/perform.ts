import { map, merge, NEVER, Observable, takeUntil, tap, timer } from 'rxjs'
import type { Request } from './arguments.js'
import type { Job } from './command.js'
import { commands } from './commands.js'
import type { CliEvent, Format } from './events.js'
import { formatHuman } from './human.js'
import { formatJson } from './json.js'
import type { Output } from './output.js'
import { Roster } from './roster.js'
import type { ExitCode, Surroundings } from './surroundings.js'
import { Failure } from './usage.js'

type Running = Extract<Request, { kind: 'run' }>

/** Runs a command to its end, and prints what happens. */
export function perform(
  { settings, command }: Running,
  job: Job,
  output: Output,
  around: Surroundings,
): Promise<ExitCode> {
  const { direction } = commands[command]
  const format: Format = settings.json
    ? formatJson
    : formatHuman({
        color: output.color(around.env),
        manyPeers: direction === 'inbound',
        now: () => new Date(),
      })
  const tell = (event: CliEvent) => {
    const line = format(event)
    if (line !== undefined) output.line(line)
  }
  const roster = new Roster(settings, direction, tell)
  // The listeners stay: Ctrl-C under npm arrives twice, and the second must not cut the end short. It is bounded anyway.
  const signal = (name: NodeJS.Signals) =>
    new Observable<string>(subscriber => {
      around.on(name, () => subscriber.next(`ended by ${name}`))
    })
  const end$ = merge(
    signal('SIGINT'),
    signal('SIGTERM'),
    output.closed$.pipe(map(() => 'the output was closed')),
    roster.enough$.pipe(map(() => 'ended by --count')),
    settings.for === undefined ? NEVER : timer(settings.for).pipe(map(() => 'ended by --for')),
  ).pipe(tap(why => roster.end(why)))
  return new Promise(resolve => {
    job({ roster, tell })
      .pipe(takeUntil(end$))
      .subscribe({
        complete: () => resolve(0),
        error: (error: unknown) => {
          for (const line of complaints(error)) output.complain(line)
          resolve(1)
        },
      })
  })
}

/** What a failed job is to be told of: a line for people, or the stack of a fault of ours, which Node would print raw. */
function complaints(error: unknown): readonly string[] {
  if (error instanceof Failure) return [error.message]
  return (error instanceof Error && error.stack ? error.stack : String(error)).split('\n')
}
