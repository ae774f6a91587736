import { map, merge, NEVER, Observable, takeUntil, tap, timer } from 'rxjs'
import { RXPEER_VERSION } from '../peer/own-version.js'
import { parseArguments, type Request } from './arguments.js'
import { commands } from './commands.js'
import type { CliEvent, Format } from './events.js'
import { helpText } from './help.js'
import { formatHuman } from './human.js'
import { formatJson } from './json.js'
import { Output, type Sink } from './output.js'
import { Roster } from './roster.js'
import { Failure } from './usage.js'

/** The part of `process` that the command lives in. */
export interface Surroundings {
  readonly stdout: Sink
  readonly stderr: Sink
  readonly env: NodeJS.ProcessEnv
  on(event: NodeJS.Signals, listener: () => void): unknown
}

/** Ended in order, failed, not understood. */
export type ExitCode = 0 | 1 | 2

/** Runs `rxpeer` with its arguments. Nothing is left behind that would keep the process alive. */
export async function run(args: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
  const output = new Output(surroundings.stdout, surroundings.stderr)
  const request = parseArguments(args)
  switch (request.kind) {
    case 'help':
      output.line(helpText(request.command))
      return 0
    case 'version':
      output.line(RXPEER_VERSION)
      return 0
    case 'usage':
      output.complain(`${request.message} (rxpeer --help tells more)`)
      return 2
    case 'run':
      return perform(request, output, surroundings)
  }
}

type Running = Extract<Request, { kind: 'run' }>

function perform(
  { settings, command, job }: Running,
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
