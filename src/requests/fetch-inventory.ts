import type { Observable } from 'rxjs'
import { channelOf } from '../peer/face.js'
import type { Peer } from '../peer/peer.js'
import { isOfCommand } from '../stream/of-command.js'
import { toHex } from '../wire/hex.js'
import { type Inventory, inventoryTypeName } from '../wire/inventory.js'
import type { Command, Message, MessageOf } from '../wire/messages.js'
import { collect } from './engine/collect.js'
import type { Part } from './engine/collection.js'
import { ready } from './engine/held-back.js'
import type { Need } from './engine/offers.js'
import { Window, type WindowSize } from './engine/window.js'
import { keyOf } from './inventory-answers.js'
import { RequestError } from './request-error.js'
import { patience, type RequestOptions } from './request-options.js'

/**
 * How to fetch. The timeout is for none of what was asked for coming, and retries start anew with each that comes. While
 * `consume` behind the request holds so much that nothing is asked for, and nothing is on its way, it does not run.
 */
export interface FetchOptions extends RequestOptions {
  /**
   * The most entries that are on their way at a time. They are fewer while their size is not known, and where so many
   * of the largest that came would take more than the peer may hold back (5 MB). Whoever takes long with them needs
   * `consume` besides.
   */
  readonly window?: number | undefined
}

/** What to fetch, and how. */
export interface Fetching<C extends Command, T> {
  readonly entries: readonly Inventory[]
  /** Which messages answer. */
  readonly command: C
  /** What one that does brings. */
  read(message: MessageOf<C>): Part<T>
  readonly need: Need
  /** Where the options name no window. */
  readonly window: WindowSize
  /** Whether what the remote does not have is left out; else it is an error. */
  readonly skipsMissing?: boolean | undefined
  readonly options: FetchOptions
}

const describe = ({ type, hash }: Inventory): string => `${inventoryTypeName(type)} ${toHex(hash)}`

/**
 * Asks for inventory entries, a window of them at a time, and emits what the answers bring in the order of the entries.
 * An entry that is there twice in a window is asked for once; it is emitted twice. Errors with `not-found`, `timeout`,
 * `peer-closed`, `unanswered`, and with what is wrong with an answer. Unsubscribing forgets what is on its way.
 * @throws TypeError at the call, for options that make no sense
 */
export function fetchInventory<C extends Command, T>(
  peer: Peer,
  { entries, command, read, need, window: usual, skipsMissing = false, options }: Fetching<C, T>,
): Observable<T> {
  const { window: most = usual.most } = options
  if (!Number.isInteger(most) || most < 1) throw new TypeError(`a window of ${most} entries asks for nothing`)
  const missing = (entry: Inventory): Part<T> => ({
    names: [keyOf(entry)],
    bytes: 0,
    ready: () => {
      if (skipsMissing) return ready(undefined)
      throw new RequestError('not-found', `the remote does not have ${describe(entry)}`)
    },
  })
  const at = (place: number): Inventory => {
    const entry = entries[place]
    if (entry === undefined) throw new RangeError(`there is no entry ${place}`)
    return entry
  }
  return collect(peer, patience(options), need, {
    length: entries.length,
    window: () => new Window({ first: usual.first, most }, channelOf(peer).requestLimit),
    questions: places => [{ command: 'getdata', inventory: places.map(at) }],
    name: place => keyOf(at(place)),
    describe: place => describe(at(place)),
    read: (message: Message) => {
      if (message.command === 'notfound') return Array.from(message.inventory, missing)
      return isOfCommand(command, message) ? [read(message)] : undefined
    },
    wonders: command,
  })
}
