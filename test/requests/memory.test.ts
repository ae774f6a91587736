import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { count, lastValueFrom, type Observable, Subject, take, tap, toArray } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { consume } from '../../src/peer/consume.js'
import type { Peer } from '../../src/peer/peer.js'
import { getFilters } from '../../src/requests/get-filters.js'
import { getTransactions } from '../../src/requests/get-transactions.js'
import { HeaderChain } from '../../src/requests/header-chain.js'
import { scanFilters } from '../../src/requests/scan-filters.js'
import { frameOf } from '../../src/testing/scripted-remote.js'
import { BlockFilter, FilterType } from '../../src/wire/filter.js'
import { type Hash, sha256d, zeroHash } from '../../src/wire/hash.js'
import { BlockHeader } from '../../src/wire/header.js'
import { toHex } from '../../src/wire/hex.js'
import type { Message } from '../../src/wire/messages.js'
import { regtest } from '../../src/wire/network.js'
import { Services } from '../../src/wire/services.js'
import type { Transaction } from '../../src/wire/transaction.js'
import { converse, remoteVersion } from '../support/conversation.js'
import { sampleTransaction } from '../support/samples.js'

setFlagsFromString('--expose-gc')
const collect: unknown = runInNewContext('gc')

/** Bytes of buffers that something still refers to. */
function buffers(): number {
  // Buffers are swept behind our back; the second collection waits for that.
  for (let i = 0; i < 2; i += 1) if (typeof collect === 'function') collect()
  return process.memoryUsage().arrayBuffers
}

/** ms: much is sent and hashed, perhaps beside other tests. */
const SLOW = 60_000

/** A tenth of what is usual, with messages that are a tenth of the largest: handlers and requests may each hold a quarter. */
const MEMORY_LIMIT = 2_000_000
const MARK = MEMORY_LIMIT / 4
const LARGE = 390_000

/** A peer whose remote answers as `answer` says, at the call, and the most that was ever held. */
function served(answer: (message: Message) => Iterable<Message>) {
  const services = Services.network | Services.witness | Services.compactFilters
  const { peer, said, remote } = converse(
    { memoryLimit: MEMORY_LIMIT },
    { version: remoteVersion({ services }) },
  )
  const most = { request: 0, held: 0 }
  const look = () => {
    const { request, held } = peer.stats().memory
    most.request = Math.max(most.request, request)
    most.held = Math.max(most.held, held)
  }
  const say = (message: Message) => {
    said.next(message)
    look()
  }
  remote.sent$.subscribe(message => {
    for (const one of answer(message)) say(one)
  })
  return { peer, say, most, look }
}

/** Handles what is emitted when the test says so, one after the other. */
function handling<T>(peer: Peer, source$: Observable<T>, bytes: (value: T) => number) {
  const done$ = new Subject<void>()
  const state = { begun: 0 }
  const handle = () => {
    state.begun += 1
    return done$.pipe(take(1))
  }
  const result = lastValueFrom(source$.pipe(consume(peer, handle, { bytes }), count()))
  return { state, result, done: () => done$.next() }
}

describe('getTransactions of 150 that are as large as can be', () => {
  const transactionAt = (place: number): Transaction =>
    sampleTransaction({ lockTime: place, scripts: [new Uint8Array(LARGE)] })
  const ids = Array.from({ length: 150 }, (_, place) => transactionAt(place).txid)
  const places = new Map(ids.map((id, place) => [toHex(id), place]))
  const size = ({ bytes }: Transaction) => bytes.length

  it.each([
    ['while the first is withheld', [0]],
    ['while two in the middle are withheld', [7, 40]],
    ['before a handler that takes long', []],
  ])(
    'holds back no more than it may %s, and loses none',
    async (_, lacking) => {
      const withheld = new Set(lacking)
      let asked = 0
      const { peer, say, most } = served(function* (message) {
        if (message.command !== 'getdata') return
        asked += message.inventory.length
        for (const { hash } of message.inventory) {
          const place = places.get(toHex(hash)) ?? 0
          if (!withheld.delete(place)) yield { command: 'tx', transaction: transactionAt(place) }
        }
      })
      const before = buffers()
      const { state, done, result } = handling(peer, getTransactions(peer, 'txid', ids), size)
      let largest = 0
      for (let place = 0; place < ids.length; place += 1) {
        if (state.begun === place) say({ command: 'tx', transaction: transactionAt(place) })
        expect(state.begun).toBe(place + 1)
        if (place % 15 === 0) largest = Math.max(largest, buffers() - before)
        done()
      }
      expect(await result).toBe(ids.length)
      // Once more for each of the first window, and for the few that came while another was lacking.
      expect(asked).toBeLessThan(ids.length + 16 + 4)
      expect(most.request).toBeLessThanOrEqual(MARK)
      // The one that exceeds the mark is held too.
      expect(most.held).toBeLessThanOrEqual(MARK + LARGE + 1_000)
      expect(largest).toBeLessThan(1.25 * (2 * MARK + LARGE))
      expect(peer.stats().memory).toMatchObject({ request: 0, held: 0 })
    },
    SLOW,
  )
})

describe('small answers out of order', () => {
  it(
    'keep nothing alive of the chunks that they come in',
    async () => {
      const transactions = Array.from({ length: 16 }, (_, place) => sampleTransaction({ lockTime: place }))
      const ids = transactions.map(({ txid }) => txid)
      const big: Message = { command: 'unknown', name: 'big', payload: new Uint8Array(200_000) }
      const { peer, said } = converse()
      const before = buffers()
      const times: number[] = []
      const done = lastValueFrom(
        getTransactions(peer, 'txid', ids).pipe(tap(({ lockTime }) => times.push(lockTime))),
      )
      const [first, ...others] = transactions.map((transaction): Message => ({ command: 'tx', transaction }))
      for (const one of others) {
        const frames = [big, one].map(message => frameOf(message))
        said.next(Uint8Array.from(frames.flatMap(bytes => [...bytes])))
      }
      expect(peer.stats().memory.request).toBeLessThan(15 * 700)
      // Of fifteen chunks no more than those that are in hand.
      expect(buffers() - before).toBeLessThan(3 * 200_000)
      if (first) said.next(first)
      await done
      expect(times).toEqual(ids.map((_, place) => place))
    },
    SLOW,
  )
})

describe('1,000 filters that are as large as can be', () => {
  /** 10,240 elements, all the same: 26 KB, and three times as much when they are decoded. */
  const filter = Uint8Array.of(0xfd, 0x00, 0x28, ...new Uint8Array(25_600))
  // What all filters share is made with the first one, and is nobody's.
  BlockFilter.decode(zeroHash, filter)
  const easy = { powHash: () => new Uint8Array(32) }
  const chain = new HeaderChain(regtest, easy)
  chain.add(headersBehind(regtest.genesis, 999))
  const heights = new Map(
    Array.from({ length: 1_000 }, (_, height) => [toHex(chain.hashAt(height) ?? zeroHash), height]),
  )
  const heightOf = (hash: Hash) => heights.get(toHex(hash)) ?? 0
  const cfilter = (height: number): Message => ({
    command: 'cfilter',
    filterType: FilterType.basic,
    blockHash: chain.hashAt(height) ?? zeroHash,
    filter: filter.slice(),
  })

  function serving(withheld: Set<number>) {
    return served(function* (message) {
      if (message.command === 'getcfheaders') {
        const { startHeight, stop } = message
        const filterHashes = Array.from({ length: heightOf(stop) - startHeight + 1 }, () => sha256d(filter))
        yield { command: 'cfheaders', filterType: 0, stop, previousFilterHeader: zeroHash, filterHashes }
      }
      if (message.command !== 'getcfilters') return
      for (let height = message.startHeight; height <= heightOf(message.stop); height += 1) {
        if (!withheld.delete(height)) yield cfilter(height)
      }
    })
  }

  it(
    'are held back only as far as may be while the first is withheld, and decoded when they are emitted',
    async () => {
      const { peer, say, most } = serving(new Set([0, 500]))
      const before = buffers()
      const done = lastValueFrom(getFilters(peer, chain, { start: 0 }).pipe(count()))
      expect(buffers() - before).toBeLessThan(1.25 * MARK)
      say(cfilter(0))
      expect(buffers() - before).toBeLessThan(1.25 * MARK)
      say(cfilter(500))
      expect(await done).toBe(1_000)
      expect(most.request).toBeGreaterThan(MARK - 2 * filter.length)
      expect(most.request).toBeLessThanOrEqual(MARK)
    },
    SLOW,
  )

  it(
    'are looked at one by one by scanFilters',
    async () => {
      const { peer, most } = serving(new Set())
      const before = buffers()
      const found = lastValueFrom(
        scanFilters(peer, chain, { start: 0 }, [Uint8Array.of(0x51)]).pipe(toArray()),
      )
      expect(await found).toEqual([])
      expect(buffers() - before).toBeLessThan(MARK / 2)
      // No filter waits for another: what is charged are the hashes and headers of all.
      expect(most.request).toBe(64 * 1_000)
    },
    SLOW,
  )
})

/** Headers that follow one another, without work. */
function headersBehind(first: BlockHeader, length: number): readonly BlockHeader[] {
  const headers: BlockHeader[] = []
  let { hash: previousBlock } = first
  const { bits, merkleRoot, version } = first
  while (headers.length < length) {
    const time = headers.length
    const header = BlockHeader.from({ version, previousBlock, merkleRoot, time, bits, nonce: 0 })
    headers.push(header)
    previousBlock = header.hash
  }
  return headers
}
