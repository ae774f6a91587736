import { filter, map } from 'rxjs'
import { InventoryType, open, type Peer, toHex } from 'rxpeer'
import { tcp } from 'rxpeer/node'
import { bytesToHex, equalBytes, type Inventory, type Transaction } from 'rxpeer/wire'
import { beforeAll, expect, it } from 'vitest'
import { describeLitecoind } from './litecoind.js'
import { asNode, handled, opTrue, spendCoinbase } from './peers.js'
import { eventually, within } from './waiting.js'

describeLitecoind('transactions of litecoind', node => {
  const dial = (port: number, protocolVersion = 70016) =>
    open(tcp({ host: node().host, port }), { ...asNode, protocolVersion })

  /** Each test spends a coinbase of its own. */
  let height = 0
  function spend(): Promise<Transaction> {
    height += 1
    return spendCoinbase(node(), height)
  }

  /** Waits until the node names the hash in an inv or a getdata, and answers the entry. */
  function named(peer: Peer, command: 'inv' | 'getdata', { txid, wtxid }: Transaction): Promise<Inventory> {
    const ours = ({ hash }: Inventory) => equalBytes(hash, txid) || equalBytes(hash, wtxid)
    return within(
      `the transaction in ${command}`,
      peer.on(command).pipe(
        map(({ inventory }) => Array.from(inventory).find(ours)),
        filter(entry => entry !== undefined),
      ),
      30_000,
    )
  }

  function inMempool(tx: Transaction): Promise<true> {
    const txid = toHex(tx.txid)
    return eventually(`${txid} in the mempool`, async () =>
      (await node().rpc<string[]>('getrawmempool')).includes(txid) ? true : undefined,
    )
  }

  beforeAll(async () => {
    // A coinbase can be spent 100 blocks later.
    await node().mine(110)
  })

  it.each([
    ['a stranger', 70016, InventoryType.wtx],
    ['a stranger', 70015, InventoryType.witnessTx],
    ['a trusted peer', 70016, InventoryType.wtx],
    ['a trusted peer', 70015, InventoryType.witnessTx],
  ])(
    'are fetched from %s that announces them, at protocol version %i',
    async (who, protocolVersion, asked) => {
      await using peer = await dial(who === 'a stranger' ? node().port : node().trustedPort, protocolVersion)
      const tx = await spend()
      const [type, hash] =
        asked === InventoryType.wtx ? [InventoryType.wtx, tx.wtxid] : [InventoryType.tx, tx.txid]
      await handled(peer)
      const getdata = named(peer, 'getdata', tx)
      peer.send({ command: 'inv', inventory: [{ type, hash }] })
      expect(await getdata).toEqual({ type: asked, hash })

      peer.send({ command: 'tx', transaction: tx })
      await inMempool(tx)
      const raw = await node().rpc<string>('getrawtransaction', toHex(tx.txid))
      expect(raw).toBe(bytesToHex(tx.bytes))
      expect(node().offences()).toEqual([])
    },
  )

  it.each(['a stranger', 'a trusted peer'])('are taken from %s unasked', async who => {
    await using peer = await dial(who === 'a stranger' ? node().port : node().trustedPort)
    const tx = await spend()
    peer.send({ command: 'tx', transaction: tx })
    await inMempool(tx)
    expect(node().offences()).toEqual([])
  })

  it('without their witness are not taken', async () => {
    await using peer = await dial(node().port)
    const tx = await spend()
    peer.send({ command: 'tx', transaction: tx }, { witness: false })
    await handled(peer)
    expect(await node().rpc<string[]>('getrawmempool')).not.toContain(toHex(tx.txid))
    // The node knows the form without witness as refused, but not the whole one.
    peer.send({ command: 'tx', transaction: tx })
    await inMempool(tx)
  })

  it('are announced by wtxid and served under it, with witness', async () => {
    await using watcher = await dial(node().trustedPort)
    await using sender = await dial(node().port)
    await handled(watcher)
    const tx = await spend()
    const inv = named(watcher, 'inv', tx)
    sender.send({ command: 'tx', transaction: tx })
    expect(await inv).toEqual({ type: InventoryType.wtx, hash: tx.wtxid })

    const served = within('the transaction', watcher.on('tx'))
    watcher.send({ command: 'getdata', inventory: [{ type: InventoryType.wtx, hash: tx.wtxid }] })
    const { transaction } = await served
    expect(bytesToHex(transaction.bytes)).toBe(bytesToHex(tx.bytes))
    expect(toHex(transaction.wtxid)).toBe(toHex(tx.wtxid))
    expect(bytesToHex(transaction.inputs[0]?.witness.at(0) ?? new Uint8Array())).toBe(bytesToHex(opTrue))
  })

  it('are announced by txid below 70016, and served with or without witness', async () => {
    await using watcher = await dial(node().trustedPort, 70015)
    await using sender = await dial(node().port)
    await handled(watcher)
    const tx = await spend()
    const inv = named(watcher, 'inv', tx)
    sender.send({ command: 'tx', transaction: tx })
    expect(await inv).toEqual({ type: InventoryType.tx, hash: tx.txid })

    for (const [type, bytes] of [
      [InventoryType.witnessTx, tx.bytes],
      [InventoryType.tx, tx.stripped],
    ] as const) {
      const served = within('the transaction', watcher.on('tx'))
      watcher.send({ command: 'getdata', inventory: [{ type, hash: tx.txid }] })
      const { transaction } = await served
      expect(bytesToHex(transaction.bytes)).toBe(bytesToHex(bytes))
      expect(toHex(transaction.txid)).toBe(toHex(tx.txid))
    }
  })

  it('are listed after mempool', async () => {
    await using sender = await dial(node().port)
    const tx = await spend()
    sender.send({ command: 'tx', transaction: tx })
    await inMempool(tx)
    await using watcher = await dial(node().trustedPort)
    await handled(watcher)
    const inv = named(watcher, 'inv', tx)
    watcher.send({ command: 'mempool' })
    expect(await inv).toEqual({ type: InventoryType.wtx, hash: tx.wtxid })
  })
})
