import { merge, type Observable, Subscription } from 'rxjs'
import type { Take } from '../peer/channel.js'
import type { Peer } from '../peer/peer.js'
import { type Inventory, InventoryType } from '../wire/inventory.js'
import type { Command, Message, MessageOf } from '../wire/messages.js'
import { announcing } from './announcements.js'
import { checkedBlock } from './checked-block.js'
import { exchange, type Plan, type Run } from './engine/exchange.js'
import { ANSWER_OVERHEAD } from './engine/held-back.js'
import { blocksNeed } from './engine/offers.js'
import { Valve } from './engine/valve.js'
import { Window } from './engine/window.js'
import { entryOf, keyOf, keysOf, withWitness } from './inventory-answers.js'
import { Wanted } from './wanted.js'

/** What can be fetched as it is announced. */
export type Announced = 'block' | 'tx'

/** Things on their way at a time (Core `MAX_PEER_TX_REQUEST_IN_FLIGHT`); few at first, since one alone may have 4 MB. */
const FETCH_WINDOW = { first: 16, most: 100 }

/** As long as the peer lives: what does not come is asked for again when it is announced again. */
const PATIENT = { timeout: Number.POSITIVE_INFINITY, retries: 0, signal: undefined }

/**
 * Asks for what the remote announces, whatever form that has (see `announcements`), each thing once, and emits it as it
 * comes: blocks and transactions with their witness where the remote serves it, transactions by wtxid where that was
 * negotiated. What the remote then does not have (notfound), or does not send for a minute, is asked for again when it is
 * announced again. At most 100 things are on their way, fewer where they are large, and at most 5,000 wait for it; what
 * is announced beyond that is passed over. While handlers of `consume` hold too much, nothing more is asked for. What
 * others asked for is none of it.
 *
 * Errors with `bad-answer` where a block has other transactions than its header commits to, and with `not-offered` where
 * blocks are wanted of a remote that serves none; whether the header has work and belongs to the chain is for
 * `HeaderChain` to say. Completes with the peer, which `stall` closes where nothing comes at all. Unsubscribing asks for
 * nothing more.
 * @param types - `block`, `tx` or both
 * @example fetchAnnounced(peer, 'tx').subscribe({ next: ({ transaction }) => …, error: console.error })
 */
export function fetchAnnounced<T extends Announced>(
  peer: Peer,
  ...types: readonly [T, ...T[]]
): Observable<MessageOf<T>> {
  const wanted: ReadonlySet<Announced> = new Set(types)
  const answers: ReadonlySet<Command> = wanted
  const isAnswer = (message: Message): message is MessageOf<T> => answers.has(message.command)
  return exchange<MessageOf<T>>(
    peer,
    PATIENT,
    wanted.has('block') ? blocksNeed : [],
    run => new Fetching(run, wanted, isAnswer),
  )
}

class Fetching<M extends Message> implements Plan {
  readonly #run: Run<M>
  readonly #types: ReadonlySet<Announced>
  readonly #isAnswer: (message: Message) => message is M
  readonly #wanted: Wanted
  readonly #window: Window
  readonly #valve: Valve
  readonly #following = new Subscription()
  #charged: (() => void) | undefined

  constructor(run: Run<M>, types: ReadonlySet<Announced>, isAnswer: (message: Message) => message is M) {
    const { clock, requestLimit } = run.channel
    this.#run = run
    this.#types = types
    this.#isAnswer = isAnswer
    this.#wanted = new Wanted(() => clock.monotonic())
    this.#window = new Window(FETCH_WINDOW, requestLimit)
    this.#valve = new Valve(run.channel, () => this.#goOn())
  }

  awaited(): string {
    return 'announcement'
  }

  ask(): void {
    const { peer } = this.#run
    const commands = new Set(Array.from(this.#types, type => announcing[type].commands).flat())
    const announced$ = merge(...Array.from(commands, command => peer.on(command)))
    this.#following.add(
      announced$.subscribe({ next: message => this.#note(message), complete: () => this.#run.complete() }),
    )
  }

  take(message: Message): Take {
    if (message.command === 'notfound') return this.#takeMissing(Array.from(message.inventory, keyOf))
    if (!this.#isAnswer(message)) return 'passed'
    const any: Message = message
    const isBlock = any.command === 'block'
    if (!this.#wanted.come(keysOf(any))) return 'passed'
    const bytes = isBlock ? any.block.bytes : any.command === 'tx' ? any.transaction.bytes : undefined
    this.#window.saw((bytes?.length ?? 0) + ANSWER_OVERHEAD)
    try {
      if (isBlock) checkedBlock(any.block, this.#run.peer, this.#run.channel.network)
      this.#run.next(message)
    } catch (error) {
      this.#run.fail(error)
    }
    this.#goOn()
    return 'claimed'
  }

  ended(): void {
    // Completes behind what was held, with the announcements.
  }

  close(): void {
    this.#following.unsubscribe()
    this.#valve.close()
    this.#charged?.()
  }

  #takeMissing(names: readonly string[]): Take {
    const ours = names.filter(name => this.#wanted.forget(name))
    if (ours.length === 0) return 'passed'
    this.#goOn()
    return ours.length === names.length ? 'claimed' : 'shared'
  }

  #note(message: Message): void {
    this.#wanted.giveUp()
    for (const name of this.#namesIn(message)) this.#wanted.note(name)
    this.#goOn()
  }

  #namesIn(message: Message): readonly string[] {
    const { channel, peer } = this.#run
    if (channel.requested() > channel.requestLimit) return []
    const blocks = this.#types.has('block') ? announcing.block.itemsIn(message) : []
    const transactions = this.#types.has('tx') ? announcing.tx.itemsIn(message) : []
    // The form that was negotiated; Core takes no notice of the other one either.
    const by = peer.features.wtxidRelay ? 'wtxid' : 'txid'
    const named = transactions.filter(item => item.by === by)
    const type = by === 'wtxid' ? InventoryType.wtx : InventoryType.tx
    return [
      ...blocks.map(({ hash }) => keyOf({ type: InventoryType.block, hash })),
      ...named.map(({ hash }) => keyOf({ type, hash })),
    ]
  }

  /** Asks for what may be asked for now. */
  #goOn(): void {
    if (this.#run.closed) return
    const { channel, peer } = this.#run
    const { asked, waiting } = this.#wanted
    // Of more than there is room for half a window at a time, so that a question asks for more than one.
    const isLow = waiting > 0 && 2 * asked <= this.#window.size
    if (isLow) this.#window.grow()
    const count = this.#window.size - asked
    const isTime = count > 0 && (isLow || waiting <= count)
    const names = isTime && this.#valve.mayAsk() ? this.#wanted.ask(count) : []
    const inventory = names.map(name => this.#entry(name))
    this.#charged?.()
    this.#charged = channel.charge(this.#wanted.cost)
    // Not `channel.send`: where nothing comes at all it is for `stall` to close the peer.
    if (inventory.length > 0) peer.send({ command: 'getdata', inventory })
  }

  #entry(name: string): Inventory {
    const { type, hash } = entryOf(name)
    return { type: type === InventoryType.wtx ? type : withWitness(this.#run.peer, type), hash }
  }
}
