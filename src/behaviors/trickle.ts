import { Observable } from 'rxjs'
import { randomUnit } from '../stream/environment.js'
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
import { freeTicks, type Ticks, ticks } from './ticks.js'

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

function clockwork({ scheduler, random }: BehaviorContext, options: TrickleOptions, tick: () => void): Ticks {
  const { interval: period = TRICKLE_INTERVAL, timing = 'fixed' } = options
  if (timing === 'fixed') return ticks(scheduler, period, tick)
  // Timers know whole ms, and a delay of none, which dice can give, would never let anything else happen.
  const delay = () => Math.max(1, Math.round(-Math.log(1 - randomUnit(random)) * period))
  return freeTicks(scheduler, delay, tick)
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
  return context => {
    const { announced$, known, features, messages$ } = context
    let waiting: Waiting[] = []
    let wantsHeaders = false
    let feeFilter = 0n
    let relays = wantsTransactions(context)

    const wanted = ({ names, feeRate }: Waiting) =>
      !names.some(name => known.has(name)) && (feeRate === undefined || feeRate >= feeFilter)

    const now = (announcement: Announcement): readonly Message[] => {
      const header = headerOf(announcement)
      const hash = header?.hash ?? ('hash' in announcement ? announcement.hash : undefined)
      const type = 'type' in announcement ? announcement.type : InventoryType.block
      // Of blocks only those are known that the user marked.
      if (hash === undefined || known.has({ type, hash })) return []
      if (header !== undefined && wantsHeaders) return [{ command: 'headers', headers: [header] }]
      return [{ command: 'inv', inventory: [{ type, hash }] }]
    }

    const receive = (announcement: Announcement): readonly Message[] => {
      if (isTransaction(announcement)) {
        const feeRate = 'feeRate' in announcement ? announcement.feeRate : undefined
        const names = transactionNames(announcement)
        if (relays && !names.some(name => known.has(name))) {
          waiting.push({ entry: transactionEntry(announcement, features), names, feeRate })
        }
        return []
      }
      if (!('type' in announcement) || blockTypes.has(announcement.type)) return now(announcement)
      if (relays && !known.has(announcement)) {
        waiting.push({ entry: announcement, names: [announcement], feeRate: undefined })
      }
      return []
    }

    const flush = (): readonly Message[] => {
      const entries: Inventory[] = []
      // Beside `known`, which may remember fewer than a batch has.
      const listed = new Set<string>()
      for (const { entry, names } of waiting.filter(wanted)) {
        const keys = names.map(inventoryKey)
        if (keys.some(key => listed.has(key))) continue
        for (const key of keys) listed.add(key)
        for (const name of names) known.add(name)
        entries.push(entry)
      }
      waiting = []
      return Array.from(chunks(entries, TRICKLE_BATCH), inventory => ({ command: 'inv', inventory }))
    }

    const note = (message: Message) => {
      if (message.command === 'sendheaders') wantsHeaders = true
      else if (message.command === 'feefilter') feeFilter = message.feeRate
      // A filter turns announcements on that version had turned off (BIP37).
      else if (message.command === 'filterload' || message.command === 'filterclear') relays = true
    }

    return new Observable(subscriber => {
      const say = (messages: readonly Message[]) => {
        for (const message of messages) subscriber.next(message)
      }
      const running = clockwork(context, options, () => {
        if (waiting.length > 0) say(flush())
        else running.stop()
      })
      subscriber.add(() => running.unsubscribe())
      subscriber.add(messages$.subscribe(note))
      subscriber.add(
        announced$.subscribe(announcement => {
          say(receive(announcement))
          if (waiting.length > 0) running.start()
        }),
      )
    })
  }
}
