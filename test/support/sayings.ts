import type { Event } from '../../src/peer/conversation-state.js'
import type { Inbound } from '../../src/stream/link.js'
import { WireError } from '../../src/wire/error.js'
import type { Message } from '../../src/wire/messages.js'
import { remoteVersion } from './conversation.js'
import { payload, received, withByte } from './conversing.js'

const ping: Message = { command: 'ping', nonce: 1n }
const mystery: Message = { command: 'unknown', name: 'mystery', payload: Uint8Array.of(1) }
const locator = (length: number) => Array.from({ length }, () => new Uint8Array(32))
const stop = new Uint8Array(32)

/** What the remote says, by the names of the tables. */
export const said: Readonly<Record<string, Message | Uint8Array>> = {
  version: remoteVersion(),
  verack: { command: 'verack' },
  wtxidrelay: { command: 'wtxidrelay' },
  sendaddrv2: { command: 'sendaddrv2' },
  sendtxrcncl: { command: 'sendtxrcncl', version: 1, salt: 1n },
  ping,
  getdata: { command: 'getdata', inventory: [] },
  sendheaders: { command: 'sendheaders' },
  unknown: mystery,
  filterload: { command: 'filterload', filter: Uint8Array.of(1), hashFunctions: 1, tweak: 0, flags: 0 },
  filteradd: { command: 'filteradd', data: Uint8Array.of(1) },
  filterclear: { command: 'filterclear' },
  mempool: { command: 'mempool' },
  'getheaders of 101': { command: 'getheaders', version: 70_016, locator: locator(101), stop },
  'getheaders of 102': { command: 'getheaders', version: 70_016, locator: locator(102), stop },
  'getheaders of 500': { command: 'getheaders', version: 70_016, locator: locator(500), stop },
  'getblocks of 101': { command: 'getblocks', version: 70_016, locator: locator(101), stop },
  'getblocks of 102': { command: 'getblocks', version: 70_016, locator: locator(102), stop },
  'feefilter of 0': { command: 'feefilter', feeRate: 0n },
  'feefilter of 21e14': { command: 'feefilter', feeRate: 2_100_000_000_000_000n },
  'feefilter of 21e14 + 1': { command: 'feefilter', feeRate: 2_100_000_000_000_001n },
  'feefilter of -1': { command: 'feefilter', feeRate: -1n },
  // Faults of the frame.
  'bad-checksum': withByte(ping, 20, 0),
  'unknown-bad-checksum': withByte(mystery, 20, 0),
  'bad-command': withByte(ping, 4, 0x1f),
  'command-not-utf8': withByte(ping, 4, 0xff),
  'something behind the NUL': withByte({ command: 'verack' }, 15, 0x41),
  // Faults of the payload: frames that are sound, and bytes that are not.
  'oversized-payload': payload('ping', '010000000000000002'),
  'unsupported-version': { command: 'feefilter', feeRate: 0n },
  truncated: payload('ping', '01020304'),
  'trailing-bytes': payload('inv', '0000'),
  'non-canonical-size': payload('inv', 'fd0000'),
  'too-many': payload('inv', 'fd51c3'),
  'too-long': payload('reject', 'fe00000002'),
  'bad-flag': payload('tx', '02000000000201'),
  'bad-address': payload('addrv2', '0100000000000105010203040550d5'),
  'bad-value': payload('getblocktxn', `${'00'.repeat(32)}01fe00000100`),
}

/** What no decoder finds yet, and a policy has an answer to all the same. */
const unread: Inbound = {
  kind: 'received',
  name: 'merkleblock',
  size: 24,
  payload: new Uint8Array(0),
  faults: [],
  read: () => new WireError('bad-merkle-tree'),
}

/** What the remote says, as an event. */
export function saying(name: string): Event {
  if (name === 'bad-merkle-tree') return unread
  const message = said[name]
  if (message === undefined) throw new Error(`no message is called ${name}`)
  return received(message)
}
