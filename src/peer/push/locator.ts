import { type Observable, of } from 'rxjs'
import type { Hash } from '../../wire/hash.js'
import { toHex } from '../../wire/hex.js'
import type { List } from '../../wire/list.js'
import type { Message } from '../../wire/messages.js'
import { PROTOCOL_VERSION } from '../../wire/versions.js'

/** Sends getblocks or getheaders, but not the same request twice in a row. */
export type LocatorPush = (locator: List<Hash>, stop: Hash) => Observable<boolean>

/**
 * A request of one kind with a memory of its last: where the first hash of the locator and the stop are the same as in
 * the request before, nothing is sent and `false` is emitted. An empty locator is always sent.
 */
export function locatorPush(
  command: 'getblocks' | 'getheaders',
  send: (message: Message) => Observable<boolean>,
): LocatorPush {
  let last: string | undefined
  return (locator, stop) => {
    const begin = locator.at(0)
    const request = begin && `${toHex(begin)} ${toHex(stop)}`
    if (request !== undefined && request === last) return of(false)
    const sent$ = send({ command, version: PROTOCOL_VERSION, locator, stop })
    last = request
    return sent$
  }
}
