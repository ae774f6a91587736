import { Observable, Subject } from 'rxjs'
import { type Connection, TransportError } from '../../src/stream/connection.js'
import { frameOf, type ScriptedRemote, scriptedRemote } from '../../src/testing/scripted-remote.js'
import type { Message } from '../../src/wire/messages.js'
import type { Pick } from './mutate.js'

/** How a remote takes what is written to it. */
export type Taking = 'at once' | 'bit by bit'

/**
 * A remote that the simulation plays: it says bytes in any pieces, takes writes when it likes, and ends as sockets do:
 * a reset shows at once, or, where nobody reads, to whoever writes.
 */
export class PlayedRemote {
  readonly connection: Connection
  /** What the peer has written, whether or not it is taken. */
  readonly heard: Message[] = []
  /** How the peer ended the connection. */
  ended: string | undefined
  taking: Taking = 'at once'
  readonly #said = new Subject<Message | Uint8Array>()
  readonly #broken = new Subject<never>()
  readonly #untaken: (() => void)[] = []
  #unsaid: Uint8Array[] = []
  #paused = false
  #gone: 'eof' | 'reset' | undefined

  constructor() {
    const remote: ScriptedRemote = scriptedRemote(this.#said, {
      taking: written => {
        if (this.taking === 'at once' && this.#untaken.length === 0) written()
        else this.#untaken.push(written)
      },
    })
    remote.sent$.subscribe(message => this.heard.push(message))
    remote.ended$.subscribe(how => {
      this.ended = how
    })
    const { connection } = remote
    this.connection = {
      ...connection,
      bytes$: new Observable(subscriber => {
        subscriber.add(this.#broken.subscribe(subscriber))
        subscriber.add(connection.bytes$.subscribe(subscriber))
      }),
      write: (bytes, written) => {
        if (bytes.length === 0) this.#probed()
        else connection.write(bytes, written)
      },
      pause: () => {
        this.#paused = true
        connection.pause()
      },
      resume: () => {
        this.#paused = false
        connection.resume()
        this.#probed()
      },
    }
  }

  /** Whether it can say no more. */
  get gone(): 'eof' | 'reset' | 'ended' | undefined {
    return this.ended === undefined ? this.#gone : 'ended'
  }

  /** How many writes are not taken. */
  get untaken(): number {
    return this.#untaken.length
  }

  /** Says something with the next `speak`. */
  say(message: Message | Uint8Array): void {
    this.#unsaid.push(message instanceof Uint8Array ? message : frameOf(message))
  }

  /** What was said arrives: in one piece, or with dice in pieces that have nothing to do with messages. */
  speak(pick?: Pick): void {
    const bytes = Buffer.concat(this.#unsaid)
    this.#unsaid = []
    for (let at = 0; at < bytes.length && this.gone === undefined; ) {
      const end = pick?.(3) === 0 ? Math.min(bytes.length, at + 1 + pick(40)) : bytes.length
      this.#said.next(Uint8Array.from(bytes.subarray(at, end)))
      at = end
    }
  }

  /** Takes the oldest writes. */
  take(count: number): void {
    for (let i = 0; i < count && this.ended === undefined; i += 1) {
      const written = this.#untaken.shift()
      if (written === undefined) return
      written()
    }
  }

  eof(): void {
    if (this.gone !== undefined) return
    this.#gone = 'eof'
    this.#said.complete()
  }

  /** What was not taken never is; who was writing it hears of the reset as who reads does. */
  reset(): void {
    if (this.gone !== undefined) return
    this.#gone = 'reset'
    const isWriting = this.#untaken.length > 0
    this.#untaken.length = 0
    if (isWriting || !this.#paused) this.#probed()
  }

  #probed(): void {
    if (this.#gone === 'reset') this.#broken.error(new TransportError('connection-reset'))
  }
}
