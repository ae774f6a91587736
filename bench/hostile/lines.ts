import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { filter, firstValueFrom, map, Observable, Subject, timeout } from 'rxjs'

/** Tells the process that started this one something. */
export function say(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

/** A process of this folder that is told things and tells things, in lines of JSON. */
export class Worker<R extends { readonly kind: string }> {
  /** What it tells. Hot; completes when it has ended. */
  readonly reports$: Observable<R>
  readonly #child: ChildProcess

  /**
   * @param flags - of Node
   * @param orders - its one argument
   */
  constructor(file: string, flags: readonly string[], orders: object) {
    const path = fileURLToPath(new URL(`./${file}`, import.meta.url))
    const reports = new Subject<R>()
    this.reports$ = reports
    this.#child = spawn(process.execPath, [...flags, '--import', 'tsx', path, JSON.stringify(orders)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const { stdout, stdin } = this.#child
    // It may end while it is told something.
    stdin?.on('error', () => {})
    if (stdout === null) return
    const lines = createInterface({ input: stdout })
    lines.on('line', line => reports.next(JSON.parse(line)))
    this.#child.on('exit', () => reports.complete())
  }

  /** Its exit code, or the signal that ended it; `undefined` while it lives. */
  get end(): number | string | undefined {
    return this.#child.exitCode ?? this.#child.signalCode ?? undefined
  }

  tell(line: object): void {
    this.#child.stdin?.write(`${JSON.stringify(line)}\n`)
  }

  /** The first report of a kind. */
  first<K extends R['kind']>(kind: K, ms = 30_000): Promise<Extract<R, { readonly kind: K }>> {
    const isWanted = (report: R): report is Extract<R, { readonly kind: K }> => report.kind === kind
    return firstValueFrom(this.reports$.pipe(filter(isWanted), timeout(ms)))
  }

  /** Ends it: its input first, by force where that is not enough. */
  async stop(): Promise<void> {
    if (this.end !== undefined) return
    const gone = once(this.#child, 'exit')
    this.#child.stdin?.end()
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 2_000)
    await gone
    clearTimeout(timer)
  }
}

/** What is told to this process. */
export function orders$<T>(): Observable<T> {
  return new Observable<string>(subscriber => {
    const lines = createInterface({ input: process.stdin })
    lines.on('line', line => subscriber.next(line))
    lines.on('close', () => subscriber.complete())
    return () => lines.close()
  }).pipe(map((line): T => JSON.parse(line)))
}
