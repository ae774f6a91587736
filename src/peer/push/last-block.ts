import type { Hash } from '../../wire/hash.js'
import { channelOf } from '../face.js'
import type { Peer } from '../peer.js'

/** Notes the height of the remote's best block; only rises. See `stats().lastBlock`. */
export function updateLastBlock(peer: Peer, height: number): void {
  channelOf(peer).updateLastBlock(height)
}

/** Notes the block that the remote announced last, wire order. See `stats().lastAnnouncedBlock`. */
export function updateLastAnnouncedBlock(peer: Peer, hash: Hash): void {
  channelOf(peer).updateLastAnnouncedBlock(hash)
}
