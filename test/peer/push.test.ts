import { describe, expect, it } from 'vitest'
import { choose, pushAddr, pushAddrV2 } from '../../src/peer/push/addresses.js'
import { pushGetBlocks, pushGetHeaders } from '../../src/peer/push/locator.js'
import { pushReject } from '../../src/peer/push/reject.js'
import { headersMessage, invMessage } from '../../src/testing/messages.js'
import { seededRandom } from '../../src/testing/seeded-random.js'
import { WireError } from '../../src/wire/error.js'
import { NetworkId } from '../../src/wire/host.js'
import type { Message } from '../../src/wire/messages.js'
import type { TimedNetAddress } from '../../src/wire/netaddress.js'
import { type Conversation, converse, remoteVersion } from '../support/conversation.js'

const addresses = (count: number): TimedNetAddress[] =>
  Array.from({ length: count }, (_, port) => ({
    time: 1_700_000_000,
    services: 9n,
    networkId: NetworkId.ipv4,
    address: Uint8Array.of(192, 0, 2, 1),
    port,
  }))
const ports = (list: Iterable<TimedNetAddress>) => Array.from(list, ({ port }) => port)
const upTo = (count: number) => Array.from({ length: count }, (_, i) => i)

/** Dice whose n-th throw is `throws(n)`, an unsigned number of 32 bits. */
function dice(throws: (n: number) => number) {
  let n = 0
  return {
    bytes: (size: number) => {
      const bytes = new Uint8Array(size)
      if (size === 4) {
        new DataView(bytes.buffer).setUint32(0, throws(n))
        n += 1
      }
      return bytes
    },
  }
}

/** What was written after the handshake. */
function after(conversation: Conversation): readonly Message[] {
  const verack = conversation.written.findIndex(({ command }) => command === 'verack')
  return conversation.written.slice(verack + 1)
}

describe.each(['addr', 'addrv2'] as const)('pushing %s', command => {
  const push = (list: readonly TimedNetAddress[], random = seededRandom(1)) => {
    const conversation = converse({ random })
    const { peer } = conversation
    const returned = (command === 'addr' ? pushAddr : pushAddrV2)(peer, list)
    const written = after(conversation)
    const sent = written.map(message =>
      message.command === command && 'addresses' in message ? ports(message.addresses) : message.command,
    )
    return { returned: ports(returned), sent }
  }

  it.each([1, 2, 999, 1000])('AD1 %i addresses leave in one message and in their order', count => {
    expect(push(addresses(count))).toEqual({ returned: upTo(count), sent: [upTo(count)] })
  })

  it('AD2 none: nothing is written, nothing is returned', () => {
    expect(push([])).toEqual({ returned: [], sent: [] })
  })

  it.each([1001, 1002, 2500])(
    'AD3 AD4 of %i addresses 1000 distinct ones leave in one message; what is returned is what was sent',
    count => {
      const { returned, sent } = push(addresses(count))
      expect(sent).toEqual([returned])
      expect(returned).toHaveLength(1000)
      expect(new Set(returned).size).toBe(1000)
      expect(Math.max(...returned)).toBeLessThan(count)
      expect(returned).not.toEqual(upTo(1000))
    },
  )

  it("AD3 the caller's array stays as it was", () => {
    const list = addresses(1500)
    const before = [...list]
    push(list)
    expect(list).toEqual(before)
    expect(() => push(Object.freeze(addresses(1500)))).not.toThrow()
  })

  it('AD3 the choice follows from the dice alone', () => {
    const seeded = (seed: number) => push(addresses(1500), seededRandom(seed)).returned
    expect(seeded(7)).toEqual(seeded(7))
    expect(seeded(7)).not.toEqual(seeded(8))
  })

  it('AD3 is exact for known dice: always the first that is left, always the last', () => {
    expect(
      push(
        addresses(1003),
        dice(() => 0),
      ).returned,
    ).toEqual(upTo(1000))
    // The last one changes places with the n-th, so the next throw finds that one there.
    expect(
      push(
        addresses(1003),
        dice(n => 1002 - n),
      ).returned,
    ).toEqual([1002, ...upTo(999)])
  })
})

describe('what addr cannot carry', () => {
  const onion = { ...addresses(1)[0]!, networkId: NetworkId.torV3, address: new Uint8Array(32) }

  it('throws at the call, and nothing is written; addrv2 takes it', () => {
    const conversation = converse()
    expect(() => pushAddr(conversation.peer, [onion])).toThrow(WireError)
    expect(after(conversation)).toEqual([])
    expect(pushAddrV2(conversation.peer, [onion])).toEqual([onion])
    expect(after(conversation)).toHaveLength(1)
  })
})

describe('choosing at random', () => {
  it('AD3 gives every order of every choice exactly once over all throws of the dice', () => {
    const seen = new Set<string>()
    for (let first = 0; first < 4; first += 1) {
      for (let second = 0; second < 3; second += 1) {
        const random = dice(n => (n === 0 ? first : second))
        seen.add(choose(['a', 'b', 'c', 'd'], 2, random).join(''))
      }
    }
    expect([...seen].sort()).toEqual('ab ac ad ba bc bd ca cb cd da db dc'.split(' '))
  })

  it('AD3 throws again where a throw would favour the first', () => {
    // 2^32 is no multiple of 3: its last number belongs to no whole round.
    const throws = [0xffff_ffff, 2, 1]
    expect(
      choose(
        ['a', 'b', 'c'],
        2,
        dice(n => throws[n] ?? 0),
      ),
    ).toEqual(['c', 'a'])
  })

  it('takes all, in order and without dice, where they are not too many', () => {
    const none = {
      bytes: () => {
        throw new Error('no dice are needed')
      },
    }
    expect(choose([3, 1, 2], 3, none)).toEqual([3, 1, 2])
  })
})

const hash = (mark: number) => new Uint8Array(32).fill(mark)
const locator = (...marks: readonly number[]) => marks.map(hash)
const stop = hash(0)

describe.each([
  ['getblocks', pushGetBlocks],
  ['getheaders', pushGetHeaders],
] as const)('%s', (command, push) => {
  const asking = () => {
    const conversation = converse()
    return {
      conversation,
      /** Asks, and answers whether it was written, or the fault. */
      ask: (marks: readonly number[], end = stop): boolean | string => {
        const results: boolean[] = []
        try {
          push(conversation.peer, locator(...marks), end).subscribe(sent => results.push(sent))
        } catch (error) {
          return error instanceof WireError ? error.code : String(error)
        }
        return results.length === 1 && results[0] === true
      },
      count: () => after(conversation).filter(message => message.command === command).length,
    }
  }

  it('GB1 the same request twice in a row is written once; the second answers false', () => {
    const { ask, count } = asking()
    expect([ask([1, 2]), ask([1, 2])]).toEqual([true, false])
    // Only the first hash and the stop count.
    expect([ask([1]), ask([1, 3, 4])]).toEqual([false, false])
    expect(count()).toBe(1)
  })

  it('P9 the same request is written again when its answer has come, and no other message is one', () => {
    const { ask, count, conversation } = asking()
    const [answer, other]: Message[] =
      command === 'getblocks'
        ? [invMessage('block'), headersMessage([])]
        : [headersMessage([]), invMessage('block')]
    expect(ask([1])).toBe(true)
    if (other !== undefined) conversation.said.next(other)
    expect(ask([1])).toBe(false)
    if (answer !== undefined) conversation.said.next(answer)
    expect([ask([1]), ask([1])]).toEqual([true, false])
    expect(count()).toBe(2)
  })

  it('GB2 another first hash or another stop between, and it is written again', () => {
    const { ask, count } = asking()
    expect([ask([1]), ask([2]), ask([1])]).toEqual([true, true, true])
    expect([ask([1], hash(9)), ask([1]), ask([1])]).toEqual([true, true, false])
    expect(count()).toBe(5)
  })

  it('GB3 an empty locator is always written, and forgets the request before', () => {
    const { ask, count } = asking()
    expect([ask([]), ask([]), ask([1]), ask([]), ask([1])]).toEqual([true, true, true, true, true])
    expect(count()).toBe(5)
  })

  it('GB5 more than 500 hashes throw, nothing is written, and the memory stays', () => {
    const { ask, count } = asking()
    const long = (first: number, length: number) => [first, ...Array<number>(length - 1).fill(7)]
    expect(ask(long(1, 500))).toBe(true)
    expect(ask(long(2, 501))).toBe('too-many')
    expect(count()).toBe(1)
    expect([ask([1]), ask([2])]).toEqual([false, true])
  })

  it('writes our version, the locator in order, and the stop', () => {
    const { ask, conversation } = asking()
    ask([1, 2, 3], hash(9))
    const [message] = after(conversation)
    expect(message).toMatchObject({ command, version: 70_016, stop: hash(9) })
    expect(message && 'locator' in message && [...message.locator]).toEqual(locator(1, 2, 3))
  })

  it('answers false after the end', () => {
    const { ask, conversation, count } = asking()
    conversation.said.complete()
    expect(ask([1])).toBe(false)
    expect(count()).toBe(0)
  })
})

describe('getblocks and getheaders', () => {
  it('GB4 remember apart, and each peer for itself', () => {
    const conversation = converse()
    const { peer } = conversation
    pushGetBlocks(peer, locator(1), stop)
    pushGetHeaders(peer, locator(1), stop)
    pushGetBlocks(peer, locator(1), stop)
    pushGetHeaders(peer, locator(1), stop)
    expect(after(conversation).map(({ command }) => command)).toEqual(['getblocks', 'getheaders'])
    const other = converse()
    pushGetBlocks(other.peer, locator(1), stop)
    expect(after(other)).toHaveLength(1)
  })
})

describe('reject', () => {
  const fields = { rejected: 'tx', code: 0x10, reason: 'bad', hash: hash(1) }

  it.each([
    [70_001, false],
    [70_002, true],
  ])('RJ1 at %i it is written: %s', (protocolVersion, written) => {
    const conversation = converse(
      {},
      { version: remoteVersion({ protocolVersion }), protocolVersion: 70_016 },
    )
    const results: boolean[] = []
    pushReject(conversation.peer, fields).subscribe(sent => results.push(sent))
    expect(results).toEqual([written])
    expect(after(conversation)).toHaveLength(written ? 1 : 0)
  })

  it.each(['tx', 'block'])('RJ2 of %s without a hash has the hash zero', rejected => {
    const conversation = converse()
    pushReject(conversation.peer, { rejected, code: 0x10, reason: 'bad' })
    expect(after(conversation)).toEqual([
      { command: 'reject', rejected, code: 0x10, reason: 'bad', hash: hash(0) },
    ])
  })

  it.each(['tx', 'block'])('RJ2 of %s with a hash has it', rejected => {
    const conversation = converse()
    pushReject(conversation.peer, { ...fields, rejected })
    expect(after(conversation)).toEqual([{ command: 'reject', ...fields, rejected }])
  })

  it.each(['version', 'inv', 'TX', ''])('RJ3 of "%s" has no hash, also where one is given', rejected => {
    const conversation = converse()
    const sent: Message[] = []
    conversation.peer.sent$.subscribe(message => sent.push(message))
    pushReject(conversation.peer, { ...fields, rejected })
    const bare = [{ command: 'reject', rejected, code: 0x10, reason: 'bad' }]
    expect(after(conversation)).toEqual(bare)
    expect(sent).toStrictEqual(bare)
  })

  it('RJ4 answers when it is written, and not before', () => {
    const taken: (() => void)[] = []
    const { peer } = converse({}, { taking: written => taken.push(written) })
    for (const written of taken.splice(0)) written()
    const results: (boolean | string)[] = []
    pushReject(peer, fields).subscribe({
      next: sent => results.push(sent),
      complete: () => results.push('complete'),
    })
    expect(results).toEqual([])
    for (const written of taken) written()
    expect(results).toEqual([true, 'complete'])
  })

  it('RJ4 answers false where the remote ends first', () => {
    const { peer, said } = converse({}, { taking: () => {} })
    const results: boolean[] = []
    pushReject(peer, fields).subscribe(sent => results.push(sent))
    said.complete()
    expect(results).toEqual([false])
  })
})
