import { VirtualTimeScheduler } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { accept } from '../../src/peer/accept.js'
import { createNonces } from '../../src/peer/nonces.js'
import type { Peer } from '../../src/peer/peer.js'
import { frameOf } from '../../src/testing/scripted-remote.js'
import { memoryPair } from '../../src/transport/memory.js'
import { Deframer } from '../../src/wire/deframer.js'
import { toHex } from '../../src/wire/hex.js'
import { type Inventory, InventoryType, WITNESS_FLAG } from '../../src/wire/inventory.js'
import { decodeMessage, type Message } from '../../src/wire/messages.js'
import { regtest } from '../../src/wire/network.js'
import type { Transaction } from '../../src/wire/transaction.js'
import { remoteVersion } from '../support/conversation.js'
import { sampleTransaction } from '../support/samples.js'

const entry = ({ type, hash }: Inventory) => `${type} ${toHex(hash)}`

/** Our process in virtual time: many peers, one `announce`, and a handler that serves by either hash. */
function ourNode() {
  const scheduler = new VirtualTimeScheduler(undefined, 0)
  const peers = new Set<Peer>()
  const transactions = new Map<string, Transaction>()
  const advance = (ms: number) => {
    scheduler.maxFrames += ms
    scheduler.flush()
  }
  const serve = (peer: Peer) =>
    peer.on('getdata').subscribe(({ inventory }) => {
      for (const { hash } of inventory) {
        const transaction = transactions.get(toHex(hash))
        if (transaction !== undefined) peer.send({ command: 'tx', transaction })
      }
    })
  const announce = (transaction: Transaction) => {
    for (const hash of [transaction.txid, transaction.wtxid]) transactions.set(toHex(hash), transaction)
    for (const peer of peers) peer.announce(transaction)
  }
  /** A remote over bare frames: it shakes hands, and asks for all that is announced. */
  const join = (protocolVersion: number, features: readonly Message[] = []) => {
    const [ours, theirs] = memoryPair({ scheduler })
    const heard: Message[] = []
    const deframer = new Deframer(regtest.magic)
    const say = (message: Message) => theirs.write(frameOf(message))
    const hear = (message: Message) => {
      heard.push(message)
      if (message.command === 'version') for (const feature of features) say(feature)
      if (message.command === 'version') say({ command: 'verack' })
      if (message.command !== 'inv') return
      // By txid a witness has to be asked for.
      const wanted = Array.from(message.inventory, ({ type, hash }) => ({
        type: type === InventoryType.tx ? type | WITNESS_FLAG : type,
        hash,
      }))
      say({ command: 'getdata', inventory: wanted })
    }
    theirs.bytes$.subscribe(chunk => {
      deframer.push(chunk)
      for (let frame = deframer.next(); frame !== undefined; frame = deframer.next()) {
        hear(decodeMessage(frame.name, frame.payload))
      }
    })
    const errors: string[] = []
    const subscription = accept(ours, { network: regtest, scheduler, nonces: createNonces() }).subscribe({
      next: peer => {
        peers.add(peer)
        serve(peer)
        peer.closed$.subscribe(() => peers.delete(peer))
      },
      error: ({ code }) => errors.push(code),
    })
    say(remoteVersion({ protocolVersion }))
    advance(1)
    return {
      errors,
      leave: () => subscription.unsubscribe(),
      announced: () =>
        heard.flatMap(message => (message.command === 'inv' ? Array.from(message.inventory, entry) : [])),
      got: () =>
        heard.flatMap(message => (message.command === 'tx' ? [toHex(message.transaction.wtxid)] : [])),
    }
  }
  return { peers, announce, advance, join }
}

const transactions = [1, 2].map(lockTime =>
  sampleTransaction({ lockTime, inputs: [{ witness: [Uint8Array.of(lockTime)] }] }),
)
const wtxids = transactions.map(({ wtxid }) => toHex(wtxid))

describe('one process, one announce', () => {
  it('tells 70015 the txid, 70016 with wtxidrelay the wtxid, nobody twice, and serves by either', () => {
    const node = ourNode()
    const old = node.join(70_015)
    const modern = node.join(70_016, [{ command: 'wtxidrelay' }])
    const plain = node.join(70_016)
    expect(node.peers.size).toBe(3)
    for (const transaction of transactions) node.announce(transaction)
    expect([old, modern, plain].flatMap(remote => remote.announced())).toEqual([])
    node.advance(10_001)
    // Fetched, and announced again: by now everybody knows.
    for (const transaction of transactions) node.announce(transaction)
    node.advance(30_000)
    const byTxid = transactions.map(({ txid }) => entry({ type: InventoryType.tx, hash: txid }))
    const byWtxid = transactions.map(({ wtxid }) => entry({ type: InventoryType.wtx, hash: wtxid }))
    expect(old.announced()).toEqual(byTxid)
    expect(plain.announced()).toEqual(byTxid)
    expect(modern.announced()).toEqual(byWtxid)
    expect(old.got()).toEqual(wtxids)
    expect(plain.got()).toEqual(wtxids)
    expect(modern.got()).toEqual(wtxids)
    expect(byTxid.join()).not.toBe(byWtxid.join())

    for (const remote of [old, modern, plain]) {
      remote.leave()
      expect(remote.errors).toEqual([])
    }
    expect(node.peers.size).toBe(0)
  })

  it('does not tell the one from whom it came', () => {
    const node = ourNode()
    const [giver, other] = [node.join(70_016, [{ command: 'wtxidrelay' }]), node.join(70_015)]
    const [transaction] = transactions
    if (transaction === undefined) throw new Error('no sample')
    const [first] = node.peers
    first?.markKnown(transaction)
    node.announce(transaction)
    node.advance(20_000)
    expect(giver.announced()).toEqual([])
    expect(other.got()).toEqual([toHex(transaction.wtxid)])
  })
})
