import { catchError, EMPTY, mergeMap, Observable, type OperatorFunction } from 'rxjs'
import type { Connection } from '../stream/connection.js'
import { textOf } from '../stream/plain-cause.js'
import { acceptWith } from './accept.js'
import { positive } from './checks.js'
import { type CloseReason, closing, PeerError } from './close.js'
import { hangUp } from './hang-up.js'
import { type PeerOptions, type ResolvedOptions, resolveOptions } from './options.js'
import type { Peer } from './peer.js'
import { emptyStats } from './stats.js'

/** Options of {@link acceptEach}. */
export interface AcceptEachOptions extends PeerOptions {
  /**
   * Told of every peer that ends by an error, before or after its handshake. What it throws is told to it as
   * `callback-failed`, once, and goes nowhere else. Default: nobody is told.
   */
  readonly failed?: ((error: PeerError) => void) | undefined
  /**
   * Connections a second that are accepted, on average; as many may come at once. What is above is aborted and told as
   * `accept-rate`. Default: any number.
   */
  readonly rate?: number | undefined
}

/** Lets so many pass a second: what is not used is kept, up to a second's worth. */
class Bucket {
  readonly #rate: number
  readonly #now: () => number
  #left: number
  #at: number

  constructor(rate: number, now: () => number) {
    this.#rate = rate
    this.#now = now
    this.#left = Math.max(rate, 1)
    this.#at = now()
  }

  take(): boolean {
    const now = this.#now()
    this.#left = Math.min(Math.max(this.#rate, 1), this.#left + ((now - this.#at) * this.#rate) / 1_000)
    this.#at = now
    if (this.#left < 1) return false
    this.#left -= 1
    return true
  }
}

/** Tells an error to a user's callback that may fail itself. */
function telling(failed: (error: PeerError) => void, stats: PeerError['stats']): (error: PeerError) => void {
  return error => {
    try {
      failed(error)
    } catch (cause) {
      try {
        failed(new PeerError(closing('callback-failed', 'local', '`failed` failed itself', cause), stats))
      } catch {
        // Nobody is left to be told, and neither the listener nor its other peers have done anything.
      }
    }
  }
}

/**
 * Accepts every connection of a listener and emits the peers that shook hands. A peer that fails goes to `failed` and
 * never into the stream, so one bad remote cannot end the listener. An error of the listener itself passes through.
 * Unsubscribing disconnects all peers.
 * @throws TypeError at the call, for invalid options
 * @example listen({ port: 18444 }).pipe(acceptEach({ network: regtest, failed: console.warn })).subscribe(peer => …)
 */
export function acceptEach(options: AcceptEachOptions = {}): OperatorFunction<Connection, Peer> {
  const resolved: ResolvedOptions = resolveOptions(options)
  const { failed = () => {}, rate } = options
  if (rate !== undefined) positive('rate', rate)
  const { clock, protocolVersion } = resolved
  const stats = emptyStats({ id: 0, direction: 'inbound', protocolVersion })
  const tell = telling(failed, stats)
  /** Why the next connection is not accepted. */
  const refusal = (bucket: Bucket | undefined): CloseReason | undefined => {
    try {
      if (bucket?.take() !== false) return undefined
      return closing('accept-rate', 'local', `more than ${rate} connections a second`)
    } catch (cause) {
      return closing('callback-failed', 'local', `clock failed: ${textOf(cause)}`, cause)
    }
  }
  return source =>
    new Observable(subscriber => {
      const bucket = rate === undefined ? undefined : new Bucket(rate, () => clock.monotonic())
      return source
        .pipe(
          mergeMap(connection => {
            const refused = refusal(bucket)
            if (refused === undefined) {
              return acceptWith(connection, resolved).pipe(
                catchError((error: PeerError) => {
                  tell(error)
                  return EMPTY
                }),
              )
            }
            hangUp(connection, 'abort')
            tell(new PeerError(refused, stats))
            return EMPTY
          }),
        )
        .subscribe(subscriber)
    })
}
