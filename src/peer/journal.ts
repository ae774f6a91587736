import type { Announcement } from '../behaviors/announcement.js'
import type { Clock } from '../stream/environment.js'
import type { Inbound } from '../stream/link.js'
import type { WireError } from '../wire/error.js'
import type { VersionMessage } from '../wire/messages/version.js'
import { encodeMessage, type Message, wireName } from '../wire/messages.js'
import { LateSubject } from './late-subject.js'
import type { ResolvedOptions } from './options.js'
import type { Posting } from './posting.js'
import { RemoteState } from './remote-state.js'
import { createTally } from './stats.js'
import type { Traffic } from './traffic.js'

/** What is counted and told of the messages of a peer, both ways: the fold beside the conversation. */
export class Journal {
  readonly remote: RemoteState
  readonly tally = createTally()
  /** The remote's clock minus ours, seconds. */
  timeOffset: number | undefined
  readonly sent = new LateSubject<Message>()
  /** What behaviors see of `sent`: they start behind the handshake. */
  readonly sentSince = new LateSubject<Message>()
  /** What of that nobody else awaits the answer of. */
  readonly unawaited = new LateSubject<Message>()
  readonly announced = new LateSubject<Announcement>()
  readonly traffic = new LateSubject<Traffic>()
  readonly #peer: number
  readonly #clock: Pick<Clock, 'epoch'>
  readonly #observer: ResolvedOptions['traffic']

  /**
   * @param pace - tells wall time for less than the clock does
   * @param observer - of all traffic; what it throws comes out of `read` and `written`
   */
  constructor(peer: number, clock: Clock, pace: Pick<Clock, 'epoch'>, observer: ResolvedOptions['traffic']) {
    this.#peer = peer
    this.#clock = pace
    this.#observer = observer
    this.remote = new RemoteState(clock)
  }

  /** A message came in, whatever becomes of it. */
  read(inbound: Inbound, read: Message | WireError | undefined): void {
    const { size } = inbound
    this.tally.bytesReceived += size
    const message = read === undefined || read instanceof Error ? undefined : read
    if (message !== undefined) {
      this.tally.messagesReceived += 1
      if (message.command !== 'unknown') this.tally.lastReceive = this.#clock.epoch()
      this.remote.received(message, size)
    }
    if (!this.#isWatched) return
    this.#tell({
      peer: this.#peer,
      direction: 'received',
      command: inbound.name,
      bytes: size,
      payload: inbound.payload,
      message,
      error: read instanceof Error ? read : undefined,
    })
  }

  /** A version message was accepted. */
  heardVersion(version: VersionMessage): void {
    this.timeOffset = Number(version.timestamp - BigInt(Math.floor(this.#clock.epoch() / 1000)))
    this.remote.heard(version)
  }

  /** A message was written. */
  written(message: Message, size: number, posting: Posting): void {
    const { protocolVersion = 0, awaited = false, opening = false } = posting
    this.tally.bytesSent += size
    this.tally.messagesSent += 1
    this.tally.lastSend = this.#clock.epoch()
    this.remote.sent(message, size, protocolVersion)
    if (this.#isWatched) {
      // Made anew: what waits to be written keeps its bytes only.
      const payload = encodeMessage(message, posting)
      const command = wireName(message)
      this.#tell({
        peer: this.#peer,
        direction: 'sent',
        command,
        bytes: size,
        payload,
        message,
        error: undefined,
      })
    }
    if (!opening) {
      this.sentSince.next(message)
      if (!awaited) this.unawaited.next(message)
    }
    this.sent.next(message)
  }

  complete(): void {
    for (const stream of [this.sent, this.sentSince, this.unawaited, this.traffic, this.announced])
      stream.complete()
  }

  get #isWatched(): boolean {
    return this.#observer !== undefined || this.traffic.observed
  }

  #tell(event: Traffic): void {
    this.#observer?.next(event)
    this.traffic.next(event)
  }
}
