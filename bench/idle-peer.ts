// What an idle peer costs: heap per peer after its handshake, without a socket. Run: node --expose-gc, see README.md.
import { of, Subject } from 'rxjs'
import { type Connection, connect, createNonces, type Message, type Peer, regtest } from 'rxpeer'
import { encodeFrame, encodeMessage, wireName } from 'rxpeer/wire'

const PEERS = 2_000
/** The figure that the design promises, bytes. */
const PROMISED = 12_288

const version: Message = {
  command: 'version',
  protocolVersion: 70016,
  services: 9n,
  timestamp: 1_700_000_000n,
  receiver: { services: 0n, networkId: 2, address: new Uint8Array(16), port: 0 },
  sender: { services: 0n, networkId: 2, address: new Uint8Array(16), port: 0 },
  nonce: 99n,
  userAgent: '/remote:1.0.0/',
  startHeight: 0,
  relay: true,
}
const handshake = [version, { command: 'verack' } as const].map(message =>
  encodeFrame(regtest.magic, wireName(message), encodeMessage(message)),
)

/** A connection that costs next to nothing itself. */
function silentConnection(): { connection: Connection; bytes: Subject<Uint8Array> } {
  const bytes = new Subject<Uint8Array>()
  const nothing = () => {}
  const connection: Connection = {
    bytes$: bytes,
    write: (_, written) => written?.(),
    pause: nothing,
    resume: nothing,
    close: nothing,
    abort: nothing,
    local: undefined,
    remote: undefined,
    proxied: false,
  }
  return { connection, bytes }
}

const { gc } = globalThis
if (gc === undefined) throw new Error('run with node --expose-gc')
const settled = async () => {
  for (let i = 0; i < 3; i += 1) {
    gc()
    await new Promise(resolve => setImmediate(resolve))
  }
  return process.memoryUsage().heapUsed
}

const open = (kept: Peer[]) => {
  const { connection, bytes } = silentConnection()
  connect(of(connection), { network: regtest, nonces: createNonces() }).subscribe({
    next: peer => kept.push(peer),
    error: error => console.error(error),
  })
  for (const frame of handshake) bytes.next(frame)
}

const kept: Peer[] = []
for (let i = 0; i < 50; i += 1) open(kept)
const before = await settled()
for (let i = 0; i < PEERS; i += 1) open(kept)
const each = Math.round(((await settled()) - before) / PEERS)
console.log(`${kept.length} idle peers, ${each} bytes of heap each (promised: at most ${PROMISED})`)
for (const peer of kept) peer.disconnect()
