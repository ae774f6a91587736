/** The contestant's end of the protocol (`bench/README.md`): one task a process, told what to do on standard input. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'

/** One row's work over an input that was read before. */
export interface Task {
  /** Does the work once and answers a number that all contestants must agree on. */
  readonly run: () => number | Promise<number>
  /** Everything that the work makes, so that all contestants can be compared. */
  readonly digest: () => Iterable<Uint8Array> | Promise<Iterable<Uint8Array>>
}

/** A task that is not measured by processor time: it answers what it measured itself. */
export interface Gauge {
  readonly gauge: () => Promise<number>
}

/** How a task is made of the input's bytes and the row's argument. */
export type MakeTask = (input: Uint8Array, argument: number) => Task | Gauge | Promise<Task | Gauge>

/** Tasks by name. */
export type Tasks = { readonly [name: string]: MakeTask }

async function answer(task: Task | Gauge, line: string): Promise<string> {
  if (line === 'digest') {
    const hash = createHash('sha256')
    if ('digest' in task) for (const bytes of await task.digest()) hash.update(bytes)
    return hash.digest('hex')
  }
  if ('gauge' in task) return `${await task.gauge()} 0`
  const times = Number(line.slice('run '.length))
  let result = 0
  const before = process.cpuUsage()
  for (let i = 0; i < times; i += 1) {
    const made = task.run()
    result = typeof made === 'number' ? made : await made
  }
  const { user, system } = process.cpuUsage(before)
  return `${user + system} ${result}`
}

/** Does the task that the command line names, if it is one of these. */
export async function serve(tasks: Tasks): Promise<void> {
  const [, , name = '', path = '-', argument = '0'] = process.argv
  const make = tasks[name]
  if (make === undefined) {
    console.log('unknown')
    return
  }
  const task = await make(
    path === '-' ? new Uint8Array(0) : new Uint8Array(readFileSync(path)),
    Number(argument),
  )
  console.log('ready')
  for await (const line of createInterface({ input: process.stdin })) console.log(await answer(task, line))
  process.exit(0)
}
