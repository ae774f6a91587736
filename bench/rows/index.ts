import { blockCheck } from './block-check.js'
import { blockDecode } from './block-decode.js'
import { blockFields } from './block-fields.js'
import { blockHeap } from './block-heap.js'
import { blockHeapRead } from './block-heap-read.js'
import { blockTxids } from './block-txids.js'
import { cliVersion } from './cli-version.js'
import { encodeBlock } from './encode-block.js'
import { encodeInv } from './encode-inv.js'
import { encodeTx } from './encode-tx.js'
import { filterMatch1 } from './filter-match-1.js'
import { filterMatch1000 } from './filter-match-1000.js'
import { getBlocks } from './get-blocks.js'
import { handshake } from './handshake.js'
import { headersFields } from './headers-fields.js'
import { headersIds } from './headers-ids.js'
import { idle } from './idle.js'
import { idleHeap } from './idle-heap.js'
import { importing } from './import.js'
import { inv50 } from './inv-50.js'
import { inv50000 } from './inv-50000.js'
import { pingsBare } from './pings-bare.js'
import { pingsPeer } from './pings-peer.js'
import { pingsSingleFrames } from './pings-single-frames.js'
import { pingsSmallChunks } from './pings-small-chunks.js'
import { relayBare } from './relay-bare.js'
import { relayPeer } from './relay-peer.js'
import { relaySingleFrames } from './relay-single-frames.js'
import { relaySmallChunks } from './relay-small-chunks.js'
import type { Row } from './row.js'
import { streamBlocks } from './stream-blocks.js'
import { streamHeaders } from './stream-headers.js'
import { syncHeaders } from './sync-headers.js'
import { tcpBlocks } from './tcp-blocks.js'
import { txId } from './tx-id.js'

/** THE table, in the order in which it is shown. A new row is one file and one line here. */
export const rows: readonly Row[] = [
  blockDecode,
  blockFields,
  blockTxids,
  blockCheck,
  blockHeap,
  blockHeapRead,
  headersIds,
  headersFields,
  inv50,
  inv50000,
  txId,
  encodeBlock,
  encodeTx,
  encodeInv,
  streamBlocks,
  streamHeaders,
  pingsBare,
  pingsPeer,
  relayBare,
  relayPeer,
  pingsSmallChunks,
  relaySmallChunks,
  pingsSingleFrames,
  relaySingleFrames,
  tcpBlocks,
  idle,
  idleHeap,
  handshake,
  syncHeaders,
  getBlocks,
  filterMatch1,
  filterMatch1000,
  importing,
  cliVersion,
]
