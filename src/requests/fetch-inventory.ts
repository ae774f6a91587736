import { Observable, Subscription } from 'rxjs'
import type { Peer } from '../peer/peer.js'
import { toHex } from '../wire/hex.js'
import { type Inventory, inventoryTypeName, WITNESS_FLAG } from '../wire/inventory.js'
import type { Message } from '../wire/messages.js'
import { ANSWER_TIMEOUT, answers } from './answers.js'
import { RequestError } from './request-error.js'

/** What a message may answer, and its value, which is made only where it does. */
export interface Answer<T> {
  readonly names: readonly Inventory[]
  value(): T
}

/** How to fetch. */
export interface FetchOptions {
  /** Entries that are asked for at a time. */
  readonly window: number
  /** ms of the peer's attention without any of them coming. Default 30,000. */
  readonly timeout?: number | undefined
}

/** The key of an entry, whether or not it asks for the witness. */
const keyOf = ({ type, hash }: Inventory): string => `${type & ~WITNESS_FLAG} ${toHex(hash)}`

const nameOf = ({ type, hash }: Inventory): string => `${inventoryTypeName(type)} ${toHex(hash)}`

/**
 * Asks for inventory entries, a window of them at a time, and emits what `read` makes of the answers, in the order of
 * the entries. An entry that is there twice is asked for once and emitted twice. Errors with `not-found`, `timeout` and
 * `peer-closed`. Unsubscribing forgets what is on its way.
 * @param read - the value of a message and the entries that it may answer; `undefined` for other messages
 */
export function fetchInventory<T>(
  peer: Peer,
  entries: readonly Inventory[],
  read: (message: Message) => Answer<T> | undefined,
  { window, timeout = ANSWER_TIMEOUT }: FetchOptions,
): Observable<T> {
  if (!Number.isInteger(window) || window < 1)
    throw new TypeError(`a window of ${window} entries asks for nothing`)
  return new Observable(subscriber => {
    if (entries.length === 0) {
      subscriber.complete()
      return
    }
    /** Where the entries of a name stand: a name may be asked for twice. */
    const wanted = new Map<string, number[]>()
    const arrived = new Map<number, T>()
    let asked = 0
    let emitted = 0
    let deadline = Subscription.EMPTY

    const wait = () => {
      deadline.unsubscribe()
      deadline = peer.after(timeout).subscribe(() => {
        const [[missing] = []] = wanted.values()
        const entry = missing === undefined ? undefined : entries[missing]
        const what = entry === undefined ? 'the rest' : nameOf(entry)
        subscriber.error(new RequestError('timeout', `no answer for ${what} within ${timeout} ms`))
      })
    }
    const ask = () => {
      const inventory: Inventory[] = []
      for (const entry of entries.slice(asked, emitted + window)) {
        const key = keyOf(entry)
        const places = wanted.get(key)
        if (places === undefined) {
          wanted.set(key, [asked])
          inventory.push(entry)
        } else places.push(asked)
        asked += 1
      }
      wait()
      if (inventory.length > 0) peer.send({ command: 'getdata', inventory }, { awaited: true })
    }
    const emit = () => {
      while (arrived.has(emitted) && !subscriber.closed) {
        const value = arrived.get(emitted)
        arrived.delete(emitted)
        emitted += 1
        if (value !== undefined) subscriber.next(value)
      }
      // Whoever has enough must not ask for more.
      if (subscriber.closed) return
      if (emitted === entries.length) subscriber.complete()
      // Half a window at a time, so that a getdata asks for more than one.
      else if (asked < entries.length && asked - emitted <= window / 2) ask()
    }
    const receive = (message: Message) => {
      if (message.command === 'notfound') {
        const missing = Array.from(message.inventory).find(entry => wanted.has(keyOf(entry)))
        if (missing)
          subscriber.error(new RequestError('not-found', `the remote does not have ${nameOf(missing)}`))
        return
      }
      const answer = read(message)
      const key = answer?.names.map(keyOf).find(name => wanted.has(name))
      if (answer === undefined || key === undefined) return
      const value = answer.value()
      for (const index of wanted.get(key) ?? []) arrived.set(index, value)
      wanted.delete(key)
      if (wanted.size > 0) wait()
      else deadline.unsubscribe()
      emit()
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
