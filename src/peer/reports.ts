import type { Broken, Inbound, StreamEnd } from '../stream/link.js'
import { WireError } from '../wire/error.js'
import type { Message } from '../wire/messages.js'
import { type CloseCode, streamEnd } from './close.js'
import { DELIVER, type Event, type State, type Step } from './conversation-state.js'
import type { Parts, PartsHost } from './parts.js'
import type { Posting } from './posting.js'

/** Whom the parts of a peer report to. */
export interface ReportsHost {
  readonly parts: Parts
  readonly state: State
  readonly live: boolean
  happen(event: Event): Step
  end(code: CloseCode, reason: string): void
  threw(where: string, cause: unknown): void
  settle(): void
  misspoke(by: string, cause: unknown): void
}

/** What the parts of a peer tell, as what it means for the peer. */
export class Reports implements PartsHost {
  readonly #shell: ReportsHost

  constructor(shell: ReportsHost) {
    this.#shell = shell
  }

  opened(): void {
    this.#shell.happen({ kind: 'opened' })
  }

  write(bytes: Uint8Array): void {
    this.#shell.parts.connection.write(bytes)
  }

  take(event: Inbound | Broken): void {
    const { reading } = this.#shell.state
    if (this.#shell.happen(event) !== DELIVER || event.kind !== 'received' || !this.#shell.live) return
    const message = event.read(reading)
    if (message instanceof WireError) return
    this.#shell.parts.journal.remote.heard(message)
    this.#shell.parts.lanes.receive(event, message, reading)
  }

  ended(end: StreamEnd): void {
    const reason = streamEnd(end, this.#shell.state.version !== undefined)
    this.#shell.happen({ kind: 'ended', reason })
  }

  handled(): void {
    this.#shell.settle()
  }

  drained(): void {
    this.#shell.settle()
  }

  pressed(): void {
    const { intake, lanes, replies } = this.#shell.parts
    intake.wait(lanes.full || replies.full)
  }

  failed(cause: unknown): void {
    this.#shell.threw('a callback', cause)
  }

  broken(cause: unknown): void {
    this.#shell.threw('the connection', cause)
  }

  misspoke(by: string, cause: unknown): void {
    this.#shell.misspoke(by, cause)
  }

  written(message: Message, size: number, posting: Posting): void {
    try {
      this.#shell.parts.journal.written(message, size, posting)
    } catch (cause) {
      this.#shell.threw('traffic', cause)
    }
    this.#shell.parts.replies.pull()
  }

  waits(): void {
    this.#shell.parts.watch.look()
  }

  overflow(): void {
    const { sendQueueLimit } = this.#shell.parts.options
    this.#shell.end('send-queue-full', `more than ${sendQueueLimit} bytes wait to be written`)
  }

  stalled(): void {
    this.#shell.end('send-stalled', `nothing was written for ${this.#shell.parts.options.sendTimeout} ms`)
  }

  evicted(): void {
    // Not at the call: it comes in the middle of somebody's work, perhaps another peer's.
    this.#shell.parts.environment.scheduler.schedule(() =>
      this.#shell.end('memory-exceeded', 'all peers together hold more than their budget'),
    )
  }
}
