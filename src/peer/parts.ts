import type { KnownInventory, PeerDirection } from '../behaviors/behavior.js'
import type { Connection } from '../stream/connection.js'
import { Ledger } from '../stream/ledger.js'
import type { Link } from '../stream/link.js'
import { v1 } from '../stream/v1.js'
import type { Message } from '../wire/messages.js'
import { Attention } from './attention.js'
import type { CloseCode } from './close.js'
import type { Event } from './conversation-state.js'
import { nextPeerId } from './defaults.js'
import { Intake, type IntakeHost } from './intake.js'
import { Journal } from './journal.js'
import { createKnownInventory } from './known-inventory.js'
import { Lanes } from './lanes.js'
import { type Marks, marksOf } from './marks.js'
import type { ResolvedOptions } from './options.js'
import { Outbox, type Posting } from './outbox.js'
import { Replies } from './replies.js'
import { SendWatch } from './send-watch.js'

/** All that a peer is made of, each with a room of its own. */
export interface Parts {
  readonly id: number
  readonly direction: PeerDirection
  readonly connection: Connection
  readonly options: ResolvedOptions
  readonly marks: Marks
  readonly connectedAt: number
  readonly ledger: Ledger
  readonly attention: Attention
  readonly journal: Journal
  readonly known: KnownInventory
  readonly link: Link
  readonly lanes: Lanes
  readonly outbox: Outbox
  readonly replies: Replies
  readonly watch: SendWatch
  readonly intake: Intake
}

/** What the parts tell. */
export interface PartsHost extends Omit<IntakeHost, 'failed'> {
  happen(event: Event): void
  end(code: CloseCode, reason: string): void
  written(message: Message, size: number, posting: Posting): void
  /** What a behavior says cannot be sent, or its iterable failed. */
  failed(by: string | undefined, cause: unknown): void
}

/** Makes the parts of a peer over a connection; nothing happens yet. */
export function makeParts(
  connection: Connection,
  direction: PeerDirection,
  options: ResolvedOptions,
  host: PartsHost,
): Parts {
  const { clock, scheduler, traffic } = options
  const id = nextPeerId()
  const marks = marksOf(options.memoryLimit)
  const attention = new Attention(clock)
  const ledger = new Ledger(options.memoryBudget, () =>
    // Not at the call: it comes in the middle of somebody's work, perhaps another peer's.
    scheduler.schedule(() => host.end('memory-exceeded', 'all peers together hold more than their budget')),
  )
  const link = v1(options.network, {
    opened: () => host.happen({ kind: 'opened' }),
    write: bytes => connection.write(bytes),
  })
  const outbox = new Outbox({ link, connection, ledger, clock }, options.sendQueueLimit, {
    written: (message, size, posting) => host.written(message, size, posting),
    waits: () => watch.look(),
    overflow: () =>
      host.end('send-queue-full', `more than ${options.sendQueueLimit} bytes wait to be written`),
    broken: cause => host.happen({ kind: 'threw', where: 'the connection', cause }),
  })
  const watch = new SendWatch(outbox, options, options.sendTimeout, () =>
    host.end('send-stalled', `nothing was written for ${options.sendTimeout} ms`),
  )
  const pressed = () => intake.wait(lanes.full || replies.full)
  const replies = new Replies(outbox, ledger, marks, {
    pressed,
    failed: (by, cause) => host.failed(by, cause),
  })
  const lanes = new Lanes(ledger, marks, { changed: pressed, drained: () => host.handled() })
  const intake = new Intake({ connection, link, ledger, attention }, options, {
    take: event => host.take(event),
    ended: end => host.ended(end),
    handled: () => host.handled(),
    failed: cause => host.failed(undefined, cause),
  })
  return {
    id,
    direction,
    connection,
    options,
    marks,
    connectedAt: clock.epoch(),
    ledger,
    attention,
    journal: new Journal(id, clock, traffic && (event => traffic.next(event))),
    known: createKnownInventory(options.knownInventoryLimit),
    link,
    lanes,
    outbox,
    replies,
    watch,
    intake,
  }
}
