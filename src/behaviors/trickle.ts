import type { Unsubscribable } from 'rxjs'
import { randomUnit } from '../stream/environment.js'
import type { Block } from '../wire/block.js'
import type { BlockHeader } from '../wire/header.js'
import { type Inventory, InventoryType, inventoryKey } from '../wire/inventory.js'
import type { Message } from '../wire/messages.js'
import {
  type Announcement,
  blockTypes,
  headerOf,
  isTransaction,
  transactionEntry,
  transactionNames,
  wantsTransactions,
} from './announcement.js'
import type { Behavior, BehaviorContext } from './behavior.js'
import { habit, type Voice } from './habit.js'
import { hear } from './hear.js'
import { Ticks } from './ticks.js'

/** ms between two batches of announcements (btcd `DefaultTrickleInterval`). */
export const TRICKLE_INTERVAL = 10_000
/** Entries of one inv of a batch (btcd `maxInvTrickleSize`). */
export const TRICKLE_BATCH = 1_000

/** How {@link trickle} is made. */
export interface TrickleOptions {
  /** ms between two batches, or their mean. Default 10,000. */
  readonly interval?: number | undefined
  /** `fixed` as btcd, or `poisson`: exponential delays around the mean, which hide who heard first, as Core. Default fixed. */
  readonly timing?: 'fixed' | 'poisson' | undefined
}

interface Waiting {
  readonly entry: Inventory
  /** All entries that name the same thing, to be known afterwards. */
  readonly names: readonly Inventory[]
  readonly feeRate: bigint | undefined
}

/** Splits into pieces of at most `size`. */
function* chunks<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size)
}

/**
 * Announces what `peer.announce` is given. Transactions wait for the next tick and leave in inv of at most 1000, in the
 * form that was negotiated, without those that the remote knows, those below its feefilter, and all of them where it
 * asked for none (`relay` in its version). Blocks leave at once, one a message, unless the user marked them as known: as
 * headers where it sent sendheaders, else as inv.
 *
 * ```
 * announced  -t-u---------b
 *            trickle({ interval: 5 })
 *            -----i-------B      (i: t and u in one inv)
 * ```
 */
export function trickle(options: TrickleOptions = {}): Behavior {
  return habit((context, voice) => new Trickle(context, voice, options))
}

class Trickle extends Ticks {
  readonly #context: BehaviorContext
  readonly #voice: Voice
  /** The mean of the delays where dice time the batches, which then always run: what comes between must not show. */
  readonly #mean: number | undefined
  readonly #noting: Unsubscribable
  readonly #receiving: Unsubscribable
  /** Made with the first one: most peers are told of nothing. */
  #waiting: Waiting[] | undefined
  #wantsHeaders = false
  #feeFilter = 0n
  #relays: boolean

  constructor(context: BehaviorContext, voice: Voice, options: TrickleOptions) {
    const { interval = TRICKLE_INTERVAL, timing = 'fixed' } = options
    super(context.scheduler, interval)
    this.#context = context
    this.#voice = voice
    this.#relays = wantsTransactions(context)
    this.#mean = timing === 'poisson' ? interval : undefined
    if (this.#mean !== undefined) this.start()
    this.#noting = hear(context.messages$, message => this.#note(message), voice)
    this.#receiving = hear(context.announced$, announcement => this.#receive(announcement), voice)
  }

  override unsubscribe(): void {
    super.unsubscribe()
    this.#noting.unsubscribe()
    this.#receiving.unsubscribe()
  }

  #note(message: Message): void {
    if (message.command === 'sendheaders') this.#wantsHeaders = true
    else if (message.command === 'feefilter') this.#feeFilter = message.feeRate
    // A filter turns announcements on that version had turned off (BIP37).
    else if (message.command === 'filterload' || message.command === 'filterclear') this.#relays = true
  }

  #receive(announcement: Announcement): void {
    if (isTransaction(announcement)) {
      const feeRate = 'feeRate' in announcement ? announcement.feeRate : undefined
      const entry = transactionEntry(announcement, this.#context.features)
      this.#wait({ entry, names: transactionNames(announcement), feeRate })
    } else if (!('type' in announcement) || blockTypes.has(announcement.type)) this.#tellNow(announcement)
    else this.#wait({ entry: announcement, names: [announcement], feeRate: undefined })
  }

  #wait(waiting: Waiting): void {
    if (!this.#relays || this.#isKnown(waiting)) return
    if (this.#waiting === undefined) this.#waiting = [waiting]
    else this.#waiting.push(waiting)
    this.start()
  }

  #tellNow(announcement: Block | BlockHeader | Inventory): void {
    const header = headerOf(announcement)
    const hash = header?.hash ?? ('hash' in announcement ? announcement.hash : undefined)
    const type = 'type' in announcement ? announcement.type : InventoryType.block
    // Of blocks only those are known that the user marked.
    if (hash === undefined || this.#context.known.has({ type, hash })) return
    if (header !== undefined && this.#wantsHeaders) {
      this.#voice.next({ command: 'headers', headers: [header] })
    } else this.#voice.next({ command: 'inv', inventory: [{ type, hash }] })
  }

  protected override left(): number {
    if (this.#mean === undefined) return super.left()
    const { random } = this.#context
    // Timers know whole ms, and a delay of none, which dice can give, would never let anything else happen.
    return Math.max(1, Math.round(-Math.log(1 - randomUnit(random)) * this.#mean))
  }

  protected tick(): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    if (waiting !== undefined) this.#tell(waiting)
    else if (this.#mean === undefined) this.stop()
  }

  #tell(waiting: readonly Waiting[]): void {
    for (const inventory of chunks(this.#wanted(waiting), TRICKLE_BATCH)) {
      this.#voice.next({ command: 'inv', inventory })
    }
  }

  /** The entries that the remote is to hear of now, which it knows from here on. */
  #wanted(waiting: readonly Waiting[]): readonly Inventory[] {
    const { known } = this.#context
    const feeFilter = this.#feeFilter
    const entries: Inventory[] = []
    // Beside `known`, which may remember fewer than a batch has.
    const listed = new Set<string>()
    const wanted = waiting.filter(
      one => !this.#isKnown(one) && (one.feeRate === undefined || one.feeRate >= feeFilter),
    )
    for (const { entry, names } of wanted) {
      const keys = names.map(inventoryKey)
      if (keys.some(key => listed.has(key))) continue
      for (const key of keys) listed.add(key)
      for (const name of names) known.add(name)
      entries.push(entry)
    }
    return entries
  }

  #isKnown({ names }: Waiting): boolean {
    return names.some(name => this.#context.known.has(name))
  }
}
