import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

/** How a contestant is started; what the task is comes behind the arguments. */
export interface Program {
  readonly command: string
  readonly arguments: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/** What one round of a contestant came to. */
export interface Run {
  /** Microseconds of processor time for all repetitions, or what a gauge measured. */
  readonly cost: number
  /** What the work answered. */
  readonly result: string
}

/** A process that does one row's work whenever it is told to. */
export class Contestant {
  readonly name: string
  readonly #child: ChildProcess
  readonly #lines: string[] = []
  #errors = ''
  #gone = false
  #heard = () => {}

  constructor(name: string, program: Program, task: readonly string[]) {
    this.name = name
    const { command, arguments: before, env } = program
    this.#child = spawn(command, [...before, ...task], { env: { ...process.env, ...env } })
    createInterface({ input: this.#child.stdout! }).on('line', line => {
      this.#lines.push(line)
      this.#heard()
    })
    this.#child.stderr!.on('data', chunk => {
      this.#errors += chunk
    })
    const end = () => {
      this.#gone = true
      this.#heard()
    }
    this.#child.on('error', end).on('close', end)
    this.#child.stdin!.on('error', () => {})
  }

  /** Whether it does this task at all. */
  async ready(): Promise<boolean> {
    return (await this.#line()) === 'ready'
  }

  digest(): Promise<string> {
    return this.#ask('digest')
  }

  async run(times: number): Promise<Run> {
    const [cost, result] = (await this.#ask(`run ${times}`)).split(' ')
    return { cost: Number(cost), result: result ?? '' }
  }

  stop(): void {
    this.#child.kill()
  }

  #ask(question: string): Promise<string> {
    this.#child.stdin!.write(`${question}\n`)
    return this.#line()
  }

  async #line(): Promise<string> {
    while (this.#lines.length === 0) {
      if (this.#gone) throw new Error(`${this.name} ended early: ${this.#errors.trim()}`)
      await new Promise<void>(resolve => {
        this.#heard = resolve
      })
    }
    return this.#lines.shift()!
  }
}

/** A process that serves over TCP. */
export interface Server {
  readonly port: number
  readonly stop: () => void
}

/** Starts a server and waits until it listens. */
export async function startServer(program: Program, args: readonly string[]): Promise<Server> {
  const child = spawn(program.command, [...program.arguments, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  for await (const line of createInterface({ input: child.stdout })) {
    const port = Number(/^port (\d+)$/.exec(line)?.[1])
    if (port > 0) return { port, stop: () => child.kill() }
  }
  throw new Error('the server ended early')
}
