import { describe, expect, it } from 'vitest'
import {
  buildAddress,
  buildBlock,
  buildBlocks,
  buildHash,
  buildHashes,
  buildHeaders,
  buildTransaction,
} from '../../src/testing/build.js'
import * as messages from '../../src/testing/messages.js'
import { equalBytes, toHex } from '../../src/wire/hex.js'
import { InventoryType } from '../../src/wire/inventory.js'
import { checkMerkleRoot, checkWitnessCommitment } from '../../src/wire/merkle.js'
import { decodeMessage, encodeMessage, type Message, toPlain } from '../../src/wire/messages.js'
import { mainnet, regtest, simnet } from '../../src/wire/network.js'
import { checkProofOfWork } from '../../src/wire/work.js'

const ids = (headers: readonly { readonly hash: Uint8Array }[]) => headers.map(({ hash }) => toHex(hash))

describe('message builders', () => {
  const all: Readonly<Record<string, () => Message>> = {
    version: messages.versionMessage,
    inv: messages.invMessage,
    getdata: messages.getDataMessage,
    notfound: messages.notFoundMessage,
    headers: messages.headersMessage,
    getheaders: messages.getHeadersMessage,
    tx: messages.txMessage,
    block: messages.blockMessage,
    ping: messages.pingMessage,
    pong: messages.pongMessage,
    addr: messages.addrMessage,
  }

  it.each(Object.entries(all))(
    '%s without a word is a message that survives the wire, the same each time',
    (name, build) => {
      const message = build()
      expect(message.command).toBe(name)
      const payload = encodeMessage(message)
      expect(toPlain(decodeMessage(name, payload))).toEqual(toPlain(message))
      expect(encodeMessage(build())).toEqual(payload)
    },
  )

  it('take what matters', () => {
    expect(messages.versionMessage({ startHeight: 7 })).toEqual({
      ...messages.versionMessage(),
      startHeight: 7,
    })
    const hash = buildHash(5)
    expect(messages.invMessage('block', [hash])).toEqual({
      command: 'inv',
      inventory: [{ type: InventoryType.block, hash }],
    })
    expect(messages.invMessage('wtx', 3).inventory).toHaveLength(3)
    expect(messages.getDataMessage('witnessTx').inventory.at(0)?.type).toBe(0x4000_0001)
    expect(messages.headersMessage(4).headers).toHaveLength(4)
    expect(messages.pingMessage(3n)).toEqual({ command: 'ping', nonce: 3n })
    expect(
      toPlain(messages.addrMessage(['192.0.2.9', buildAddress('2001:db8::1', { port: 1 })])),
    ).toMatchObject({
      addresses: [
        { host: '192.0.2.9', port: 8333, time: 1_700_000_000, services: '0x9' },
        { host: '2001:db8::1', port: 1 },
      ],
    })
    expect(() => buildAddress('example.org')).toThrow(TypeError)
  })
})

describe('built values', () => {
  it('hashes follow from their number', () => {
    expect(toHex(buildHash(1))).toBe(toHex(buildHash(1)))
    expect(new Set(buildHashes(50).map(toHex)).size).toBe(50)
    expect(buildHashes(2)[1]).toEqual(buildHash(2))
  })

  it('transactions have a witness and differ by seed; every field can be given', () => {
    const tx = buildTransaction()
    expect(tx.hasWitness).toBe(true)
    expect(equalBytes(tx.txid, buildTransaction().txid)).toBe(true)
    expect(equalBytes(tx.txid, buildTransaction({ seed: 2 }).txid)).toBe(false)
    expect(buildTransaction({ lockTime: 9, version: 1, outputs: [] })).toMatchObject({
      lockTime: 9,
      version: 1,
      outputs: [],
    })
  })

  it('headers are a chain with work, from the first block of the network on', () => {
    const headers = buildHeaders(20)
    let previous = regtest.genesis
    for (const header of headers) {
      expect(equalBytes(header.previousBlock, previous.hash)).toBe(true)
      expect(header.time).toBe(previous.time + 600)
      expect(header.bits).toBe(regtest.genesis.bits)
      expect(checkProofOfWork(header, { limit: regtest.powLimit })).toBe(true)
      previous = header
    }
    expect(ids(buildHeaders(20))).toEqual(ids(headers))
    expect(ids(buildHeaders(3, { network: simnet }))).not.toEqual(ids(headers.slice(0, 3)))
  })

  it('forks begin where they are told and differ by seed', () => {
    const headers = buildHeaders(10)
    const going = { previous: headers[4], height: 6 }
    expect(ids(buildHeaders(5, going))).toEqual(ids(headers.slice(5)))
    const fork = buildHeaders(7, { ...going, seed: 2 })
    expect(equalBytes(fork[0]!.previousBlock, headers[4]!.hash)).toBe(true)
    expect(ids(headers)).not.toContain(ids(fork)[0])
  })

  it('blocks commit to what is in them', () => {
    const transactions = [buildTransaction(), buildTransaction({ seed: 2 })]
    const block = buildBlock({ transactions })
    expect(Array.from(block.transactions, tx => toHex(tx.txid)).slice(1)).toEqual(
      transactions.map(tx => toHex(tx.txid)),
    )
    expect(block.transactions.at(0)?.isCoinbase).toBe(true)
    expect(checkMerkleRoot(block)).toBe(true)
    expect(checkWitnessCommitment(block)).toBe(true)
    expect(ids(buildBlocks(3))).toEqual(ids(buildHeaders(3)))
  })

  it('refuses a network that is too hard to mine', () => {
    expect(() => buildBlock({ network: mainnet })).toThrow(TypeError)
  })
})
