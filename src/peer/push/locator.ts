import { type Observable, of } from 'rxjs'
import type { Hash } from '../../wire/hash.js'
import { toHex } from '../../wire/hex.js'
import type { List } from '../../wire/list.js'
import type { Message } from '../../wire/messages.js'
import { PROTOCOL_VERSION } from '../../wire/versions.js'

/** Sends getblocks or getheaders, but not the same request twice in a row. */
export class LocatorPush {
  readonly #command: 'getblocks' | 'getheaders'
  #last: string | undefined

  constructor(command: 'getblocks' | 'getheaders') {
    this.#command = command
  }

  /**
   * Where the first hash of the locator and the stop are the same as in the request before, nothing is sent and `false`
   * is emitted. An empty locator is always sent.
   */
  push(
    locator: List<Hash>,
    stop: Hash,
    send: (message: Message) => Observable<boolean>,
  ): Observable<boolean> {
    const begin = locator.at(0)
    const request = begin && `${toHex(begin)} ${toHex(stop)}`
    if (request !== undefined && request === this.#last) return of(false)
    const sent$ = send({ command: this.#command, version: PROTOCOL_VERSION, locator, stop })
    this.#last = request
    return sent$
  }
}
