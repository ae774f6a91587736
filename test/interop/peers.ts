import { filter, tap } from 'rxjs'
import { type Connection, type Dial, type Peer, type PeerOptions, Services } from 'rxpeer'
import { hexToBytes, sha256, Transaction } from 'rxpeer/wire'
import type { RpcNode } from './daemon.js'
import { litecoinRegtest } from './litecoind.js'
import { within } from './waiting.js'

/** How the tests present themselves: as a full node, since litecoind asks nothing of others. */
export const asNode: PeerOptions = {
  network: litecoinRegtest,
  userAgent: { name: 'interop', version: '1.0.0' },
  services: Services.network | Services.witness,
  handshakeTimeout: 15_000,
}

/** What litecoind shows of {@link asNode}. */
export const subversion = /^\/rxpeer:[^/]+\/interop:1\.0\.0\/$/

let nonces = 0n

/** Resolves when the remote has handled all that was sent so far: it answers a ping only then. */
export async function handled(peer: Peer): Promise<void> {
  nonces += 1n
  const nonce = nonces
  const pong = within('a pong', peer.on('pong').pipe(filter(answer => answer.nonce === nonce)))
  peer.send({ command: 'ping', nonce })
  await pong
}

/** A dial that also shows its connection, for bytes that no peer would write. */
export function tapped(dial: Dial): { readonly dial: Dial; readonly connection: () => Connection } {
  let opened: Connection | undefined
  return {
    dial: dial.pipe(
      tap(connection => {
        opened = connection
      }),
    ),
    connection: () => {
      if (!opened) throw new Error('not connected yet')
      return opened
    },
  }
}

/** The witness script that is always true, OP_TRUE. */
export const opTrue: Uint8Array = Uint8Array.of(0x51)

/** Pays to {@link opTrue}: the script behind the address `anyoneCanSpend`. */
export const payToOpTrue: Uint8Array = Uint8Array.of(0x00, 0x20, ...sha256(opTrue))

/** Satoshi that a spend leaves to the miner. */
const fee = 100_000n

/** The coinbase of the block at `height`. */
export async function coinbaseOf(node: RpcNode, height: number): Promise<Transaction> {
  const hash = await node.rpc<string>('getblockhash', height)
  const { tx } = await node.rpc<{ tx: readonly string[] }>('getblock', hash, 1)
  return Transaction.decode(hexToBytes(await node.rpc<string>('getrawtransaction', tx[0])))
}

/** A segwit transaction that spends the coinbase of the block at `height` to outputs of the given scripts. */
export async function spendCoinbase(
  node: RpcNode,
  height: number,
  scripts: readonly Uint8Array[] = [payToOpTrue],
): Promise<Transaction> {
  const coinbase = await coinbaseOf(node, height)
  const [paid] = coinbase.outputs
  if (!paid) throw new Error('a coinbase without outputs')
  return Transaction.from({
    version: 2,
    inputs: [
      {
        outpoint: { txid: coinbase.txid, index: 0 },
        scriptSig: new Uint8Array(0),
        sequence: 0xffff_fffe,
        witness: [opTrue],
      },
    ],
    outputs: scripts.map((scriptPubKey, i) => ({ value: i === 0 ? paid.value - fee : 0n, scriptPubKey })),
    lockTime: 0,
  })
}
