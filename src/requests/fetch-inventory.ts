import { Observable, Subscription } from 'rxjs'
import type { Peer } from '../peer/peer.js'
import { isOfCommand } from '../stream/of-command.js'
import { toHex } from '../wire/hex.js'
import { type Inventory, inventoryTypeName } from '../wire/inventory.js'
import type { Command, Message, MessageOf } from '../wire/messages.js'
import { after, answers } from './answers.js'
import { Fence } from './fence.js'
import { keyOf, keysOf } from './inventory-answers.js'
import { RequestError } from './request-error.js'
import { patience, type RequestOptions } from './request-options.js'

/** How to fetch: the timeout is for none of what was asked for coming, and retries start anew with each that comes. */
export interface FetchOptions extends RequestOptions {
  /** Entries that are on their way at a time. Whoever takes long with them needs `consume` besides. */
  readonly window?: number | undefined
}

const nameOf = ({ type, hash }: Inventory): string => `${inventoryTypeName(type)} ${toHex(hash)}`

/** What to fetch, and how. */
export interface Fetching<C extends Command, T> {
  readonly entries: readonly Inventory[]
  /** Which messages answer. */
  readonly command: C
  /** What is made of one that does. */
  value(message: MessageOf<C>): T
  /** The window where the options name none. */
  readonly window: number
  /** Whether what the remote does not have is left out; else it is an error. */
  readonly skipsMissing?: boolean | undefined
  readonly options: FetchOptions
}

/**
 * Asks for inventory entries, a window of them at a time, and emits what `value` makes of the answers, in the order of
 * the entries. An entry that is there twice in a window is asked for once; it is emitted twice. Errors with `not-found`,
 * `timeout`, `peer-closed`, `unanswered`, and with what `value` throws. Unsubscribing forgets what is on its way.
 * @throws TypeError at the call, for options that make no sense
 */
export function fetchInventory<C extends Command, T>(
  peer: Peer,
  { entries, command, value, window: usual, skipsMissing = false, options }: Fetching<C, T>,
): Observable<T> {
  const { window = usual } = options
  const { timeout, retries } = patience(options)
  if (!Number.isInteger(window) || window < 1)
    throw new TypeError(`a window of ${window} entries asks for nothing`)
  return new Observable(subscriber => {
    if (entries.length === 0) {
      subscriber.complete()
      return
    }
    /** Where the entries of a name stand: a name may be asked for twice. */
    const wanted = new Map<string, number[]>()
    /** `undefined` for what is left out. */
    const arrived = new Map<number, T | undefined>()
    let asked = 0
    let emitted = 0
    let left = retries
    let deadline = Subscription.EMPTY
    /** Behind something that nobody here asked for: what was wanted then has come by the time it is passed, or does not. */
    let fence: { readonly fence: Fence; readonly wanted: Set<string> } | undefined

    const fail = (...[code, detail]: ConstructorParameters<typeof RequestError>) =>
      subscriber.error(new RequestError(code, detail))
    const nameAt = (index: number | undefined): string => {
      const entry = index === undefined ? undefined : entries[index]
      return entry === undefined ? 'the rest' : nameOf(entry)
    }
    const wait = () => {
      deadline.unsubscribe()
      deadline = after(peer, timeout).subscribe(() => {
        const [[missing] = []] = wanted.values()
        if (left === 0) {
          fail('timeout', `no answer for ${nameAt(missing)} within ${timeout} ms`)
          return
        }
        left -= 1
        wait()
        send(Array.from(wanted.values(), ([index = 0]) => index))
      })
    }
    const send = (indexes: readonly number[]) => {
      const inventory = indexes.flatMap(index => entries[index] ?? [])
      if (inventory.length > 0) peer.send({ command: 'getdata', inventory }, { awaited: true })
    }
    const ask = () => {
      const indexes: number[] = []
      for (const entry of entries.slice(asked, emitted + window)) {
        const key = keyOf(entry)
        const places = wanted.get(key)
        if (places === undefined) {
          wanted.set(key, [asked])
          indexes.push(asked)
        } else places.push(asked)
        asked += 1
      }
      wait()
      send(indexes)
    }
    const emit = () => {
      while (arrived.has(emitted) && !subscriber.closed) {
        const next = arrived.get(emitted)
        arrived.delete(emitted)
        emitted += 1
        if (next !== undefined) subscriber.next(next)
      }
      // Whoever has enough must not ask for more.
      if (subscriber.closed) return
      if (emitted === entries.length) subscriber.complete()
      // Half a window at a time, so that a getdata asks for more than one.
      else if (asked < entries.length && asked - emitted <= window / 2) ask()
    }
    const settle = (keys: readonly string[], result: T | undefined) => {
      for (const key of keys) {
        for (const index of wanted.get(key) ?? []) arrived.set(index, result)
        wanted.delete(key)
        fence?.wanted.delete(key)
      }
      left = retries
      if (wanted.size > 0) wait()
      emit()
    }
    const suspect = (message: Message) => {
      const raised = fence === undefined ? Fence.behind(peer, message) : undefined
      if (raised !== undefined) fence = { fence: raised, wanted: new Set(wanted.keys()) }
    }
    const receive = (message: Message) => {
      if (fence?.fence.isPassedBy(message)) {
        // Not what was asked for anew since: it stands behind the fence.
        const [missing] = fence.wanted
        fence = undefined
        if (missing !== undefined)
          fail('unanswered', `something else came, but not ${nameAt(wanted.get(missing)?.[0])}`)
        return
      }
      if (message.command === 'notfound') {
        const missing = Array.from(message.inventory).filter(entry => wanted.has(keyOf(entry)))
        const [first] = missing
        if (first === undefined) return
        if (skipsMissing) settle(missing.map(keyOf), undefined)
        else fail('not-found', `the remote does not have ${nameOf(first)}`)
        return
      }
      if (!isOfCommand(command, message)) return
      const key = keysOf(message).find(name => wanted.has(name))
      if (key === undefined) suspect(message)
      else settle([key], value(message))
    }

    subscriber.add(() => deadline.unsubscribe())
    subscriber.add(
      answers(peer).subscribe({
        next: message => {
          try {
            receive(message)
          } catch (error) {
            subscriber.error(error)
          }
        },
        error: error => subscriber.error(error),
      }),
    )
    // A peer that is closed has said so by now.
    if (!subscriber.closed) ask()
  })
}
