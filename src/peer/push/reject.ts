import { type Observable, of } from 'rxjs'
import { type Hash, zeroHash } from '../../wire/hash.js'
import { protocolVersions } from '../../wire/versions.js'
import type { Peer } from '../peer.js'

/** What a reject message says. */
export interface RejectFields {
  /** Wire name of the refused message. */
  readonly rejected: string
  /** See `RejectCode`. */
  readonly code: number
  /** For people. */
  readonly reason: string
  /** The refused transaction or block, wire order; goes only with `tx` and `block`, which get zero where it is not given. */
  readonly hash?: Hash | undefined
}

/**
 * Sends `reject` with the hash for `tx` and `block` only; below protocol version 70002, which does not know it, nothing is
 * sent and `false` is emitted.
 */
export function pushReject(peer: Peer, { rejected, code, reason, hash }: RejectFields): Observable<boolean> {
  if (peer.protocolVersion < protocolVersions.reject) return of(false)
  const carriesHash = rejected === 'tx' || rejected === 'block'
  return peer.send({
    command: 'reject',
    rejected,
    code,
    reason,
    ...(carriesHash && { hash: hash ?? zeroHash }),
  })
}
