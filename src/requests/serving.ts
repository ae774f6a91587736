import { transactionNames } from '../behaviors/announcement.js'
import type { Channel, Question, Take } from '../peer/channel.js'
import { channelOf } from '../peer/face.js'
import type { Peer } from '../peer/peer.js'
import { type Inventory, InventoryType } from '../wire/inventory.js'
import type { List } from '../wire/list.js'
import type { Message } from '../wire/messages.js'
import type { Transaction } from '../wire/transaction.js'
import { protocolVersions } from '../wire/versions.js'
import { keyOf } from './inventory-answers.js'

const transactionTypes: ReadonlySet<number> = new Set([
  InventoryType.tx,
  InventoryType.witnessTx,
  InventoryType.wtx,
])

/** The keys of the entries that name a transaction. */
export const namesOf = (transaction: Transaction): readonly string[] =>
  transactionNames(transaction).map(keyOf)

/** A transaction that is served to a peer. */
export interface Offer {
  readonly transaction: Transaction
  /** Whether something else serves transactions to this peer too. */
  readonly othersServe: boolean
  /** Told each time when it was really written. */
  fetched(): void
}

/**
 * Answers the getdata of a peer out of all that is offered to it, and says notfound, once a getdata, of the transactions
 * that are not. What is asked for again before it was written is not queued again: a remote that asks without reading
 * gets no more than one of each.
 */
export class Serving implements Question {
  static readonly #all = new WeakMap<Channel, Serving>()

  /** That of a peer. */
  static of(peer: Peer): Serving {
    const channel = channelOf(peer)
    const serving = Serving.#all.get(channel) ?? new Serving(peer, channel)
    Serving.#all.set(channel, serving)
    return serving
  }

  readonly #peer: Peer
  readonly #channel: Channel
  /** By each key of their transactions. */
  readonly #offers = new Map<string, Set<Offer>>()
  /** What is queued and not written. */
  readonly #queued = new Set<string>()
  #release: (() => void) | undefined

  private constructor(peer: Peer, channel: Channel) {
    this.#peer = peer
    this.#channel = channel
  }

  /** Serves it until the returned function is called. */
  offer(offer: Offer): () => void {
    for (const name of namesOf(offer.transaction)) {
      this.#offers.set(name, (this.#offers.get(name) ?? new Set()).add(offer))
    }
    this.#release ??= this.#channel.ask(this)
    return () => this.#withdraw(offer)
  }

  take(message: Message): Take {
    if (message.command === 'getdata') this.#serve(message.inventory)
    // What is asked of us is nobody's answer.
    return 'passed'
  }

  ended(): void {
    this.#release?.()
    this.#release = undefined
  }

  #withdraw(offer: Offer): void {
    for (const name of namesOf(offer.transaction)) {
      const offers = this.#offers.get(name)
      offers?.delete(offer)
      if (offers?.size === 0) this.#offers.delete(name)
    }
    if (this.#offers.size > 0) return
    this.#release?.()
    this.#release = undefined
  }

  #serve(inventory: List<Inventory>): void {
    const served = new Set<Offer>()
    const missing: Inventory[] = []
    for (const entry of inventory) {
      if (!transactionTypes.has(entry.type)) continue
      const offers = this.#offers.get(keyOf(entry))
      const [first] = offers ?? []
      if (offers === undefined || first === undefined) missing.push(entry)
      else if (!served.has(first)) this.#send(first.transaction, entry.type !== InventoryType.tx)
      for (const offer of offers ?? []) served.add(offer)
    }
    this.#deny(missing)
  }

  #send(transaction: Transaction, witness: boolean): void {
    const name = `${witness} ${namesOf(transaction)[0]}`
    if (this.#queued.has(name)) return
    this.#queued.add(name)
    this.#peer.send({ command: 'tx', transaction }, { witness }).subscribe(written => {
      this.#queued.delete(name)
      const [key = ''] = namesOf(transaction)
      if (written) for (const offer of [...(this.#offers.get(key) ?? [])]) offer.fetched()
    })
  }

  #deny(inventory: readonly Inventory[]): void {
    const others = Array.from(this.#offers.values()).some(offers =>
      [...offers].some(each => each.othersServe),
    )
    const speaks = this.#peer.protocolVersion >= protocolVersions.bip37
    if (inventory.length === 0 || others || !speaks || this.#queued.has('notfound')) return
    this.#queued.add('notfound')
    this.#peer.send({ command: 'notfound', inventory }).subscribe(() => this.#queued.delete('notfound'))
  }
}
