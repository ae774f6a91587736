import type { KnownInventory, PeerDirection } from '../behaviors/behavior.js'
import type { Connection } from '../stream/connection.js'
import { Ledger } from '../stream/ledger.js'
import type { Link, LinkEvents } from '../stream/link.js'
import { v1 } from '../stream/v1.js'
import { Attention } from './attention.js'
import { nextPeerId } from './defaults.js'
import type { Surroundings } from './guard.js'
import { Intake, type IntakeHost } from './intake.js'
import { Journal } from './journal.js'
import { createKnownInventory } from './known-inventory.js'
import { Lanes, type LanesEvents } from './lanes.js'
import { type Marks, marksOf } from './marks.js'
import type { ResolvedOptions } from './options.js'
import { Outbox, type OutboxEvents } from './outbox.js'
import { Pace } from './pace.js'
import { Replies, type RepliesHost } from './replies.js'
import { SendWatch, type SendWatchEvents } from './send-watch.js'

/** All that a peer is made of, each with a room of its own. */
export interface Parts {
  readonly id: number
  readonly direction: PeerDirection
  readonly connection: Connection
  readonly options: ResolvedOptions
  /** Those of the options, under guard: what they throw ends this peer and nobody else. */
  readonly environment: Surroundings
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

/** What the parts of a peer tell it. One object for all of them: most peers are idle, and there are thousands. */
export interface PartsHost
  extends IntakeHost,
    LinkEvents,
    OutboxEvents,
    RepliesHost,
    LanesEvents,
    SendWatchEvents {
  /** The budget over all peers is exceeded, and this one holds the most. */
  evicted(): void
}

/** Makes the parts of a peer over a connection; nothing happens yet. */
export function makeParts(
  connection: Connection,
  direction: PeerDirection,
  options: ResolvedOptions,
  environment: Surroundings,
  host: PartsHost,
): Parts {
  const { clock } = environment
  const id = nextPeerId()
  const marks = marksOf(options.memoryLimit)
  const attention = new Attention(clock)
  const pace = new Pace(environment)
  const ledger = new Ledger(options.memoryBudget, host)
  const link = v1(options.network, host)
  const outbox = new Outbox({ link, connection, ledger, pace }, options.sendQueueLimit, host)
  return {
    id,
    direction,
    connection,
    options,
    environment,
    marks,
    connectedAt: clock.epoch(),
    ledger,
    attention,
    journal: new Journal(id, clock, pace, options.traffic),
    known: createKnownInventory(options.knownInventoryLimit),
    link,
    lanes: new Lanes({ ledger, marks, pace }, host),
    outbox,
    replies: new Replies({ outbox, ledger, marks, pace }, host),
    watch: new SendWatch(outbox, environment, options.sendTimeout, host),
    intake: new Intake({ connection, link, ledger, attention, pace }, environment, host),
  }
}
