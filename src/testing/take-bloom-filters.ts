import { ignoreElements, merge, tap } from 'rxjs'
import type { BehaviorContext } from '../behaviors/behavior.js'
import { BloomFilter } from '../wire/bloom.js'
import type { Transaction } from '../wire/transaction.js'
import type { Service } from './service.js'

/** Which transactions a peer wants to hear of. */
export class Wanted {
  /** The filter that it loaded last and has not cleared. */
  filter: BloomFilter | undefined
  /** Whether it wants any; false where its version message said so, until it loads or clears a filter. */
  relay: boolean

  constructor(relay: boolean) {
    this.relay = relay
  }

  /** Asked once for each transaction: a match may add to the filter. */
  has(tx: Transaction): boolean {
    return this.filter?.matchAndUpdate(tx) ?? true
  }
}

/** By peer: the one filter of a peer decides over all that it is told. */
const wishes = new WeakMap<BehaviorContext, Wanted>()

/** What a peer wants to hear of. */
export function wantedBy(context: BehaviorContext): Wanted {
  const known = wishes.get(context)
  if (known) return known
  const wanted = new Wanted(context.version.relay)
  wishes.set(context, wanted)
  return wanted
}

/**
 * Takes filterload, filteradd and filterclear (BIP37), which peers send only where the node offers `bloom`: the filter
 * decides which transactions `relayTransactions` and `serveMempool` announce and what filtered blocks contain.
 */
export const takeBloomFilters: Service = () => context => {
  const { on } = context
  const wanted = wantedBy(context)
  const install = (filter: BloomFilter | undefined) => {
    wanted.filter = filter
    wanted.relay = true
  }
  return merge(
    on('filterload').pipe(tap(message => install(new BloomFilter(message)))),
    on('filterclear').pipe(tap(() => install(undefined))),
    on('filteradd').pipe(tap(({ data }) => wanted.filter?.insert(data))),
  ).pipe(ignoreElements())
}
