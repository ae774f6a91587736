import { Observable } from 'rxjs'
import { printable } from './printable.js'
import { Failure } from './usage.js'

/** What the command needs of a stream to print to. */
export type Sink = NodeJS.WritableStream & { readonly isTTY?: boolean }

/** Prints lines; outlives its reader. */
export class Output {
  readonly #out: Sink
  readonly #err: Sink
  #failure: NodeJS.ErrnoException | undefined
  #failed: (error: NodeJS.ErrnoException) => void = () => {}

  constructor(out: Sink, err: Sink) {
    this.#out = out
    this.#err = err
    // The listeners stay for good: an error of the last line arrives when all else is over.
    out.on('error', (error: NodeJS.ErrnoException) => {
      this.#failure ??= error
      this.#failed(this.#failure)
    })
    err.on('error', () => {})
  }

  /** Emits when nobody reads the output any more (EPIPE); errors with a {@link Failure} when it cannot be written. */
  readonly closed$: Observable<void> = new Observable(subscriber => {
    const end = (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') subscriber.next()
      else subscriber.error(new Failure(`cannot write the output: ${error.message}`))
    }
    this.#failed = end
    if (this.#failure) end(this.#failure)
    return () => {
      this.#failed = () => {}
    }
  })

  /** A line of the output itself; the caller has made it harmless. */
  line(text: string): void {
    if (!this.#failure) this.#out.write(`${text}\n`)
  }

  /** The one line that says what went wrong. */
  complain(text: string): void {
    this.#err.write(`rxpeer: ${printable(text)}\n`)
  }

  /** Whether lines may be coloured (https://no-color.org). */
  color(env: NodeJS.ProcessEnv): boolean {
    return this.#out.isTTY === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb'
  }
}
