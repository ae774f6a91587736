import { map, mergeMap, switchMap } from 'rxjs'
import { describe, expect, it } from 'vitest'
import type { Announcement } from '../src/behaviors/announcement.js'
import type { PeerOptions } from '../src/peer/options.js'
import type { Peer } from '../src/peer/peer.js'
import { type MarbleHelpers, marbles } from '../src/testing/marbles.js'
import { Services } from '../src/wire/services.js'
import { sampleBlock, sampleCoinbase, sampleTransaction } from '../test/support/samples.js'
import { announcing, byTxid, byWtxid, each, ids, inv, ofBlock, shaken, shakenWtxid } from './announcing.js'
import { commands, commandsOf, failure, outbound, version } from './cast.js'
import { countedTimers, endAndTimers } from './timers.js'

// Rows IV of the protocol notes. The handshake is over at 0 ms, so that the ticks are at 10 s, 20 s …; a deed is
// announced in the millisecond of its letter, and what stands in the result is what the remote hears.

const transaction = sampleTransaction({ inputs: [{ witness: [Uint8Array.of(1)] }] })
const plain = sampleTransaction({ lockTime: 1 })
const block = sampleBlock([sampleCoinbase()])
const other = sampleBlock([sampleCoinbase(), sampleTransaction()])
const blockInv = inv({ type: 2, hash: block.header.hash })
const otherInv = inv({ type: 2, hash: other.header.hash })

/** `count` transactions by their hashes, numbered from `first` on. */
const many = (first: number, count: number) => Array.from({ length: count }, (_, i) => ids(first + i))
/** What announces them to a remote without wtxidrelay. */
const invOf = (first: number, count: number) =>
  inv(...Array.from({ length: count }, (_, i) => byTxid(first + i)))

describe('trickle', () => {
  it(
    'IV1 a transaction announced at 3 s leaves at 10 s, and not again',
    marbles(helpers => {
      const { sent$ } = announcing(helpers, { deeds: '3s t', values: { t: ids(1) } })
      helpers.expectObservable(sent$, '^ 39999ms !').toBe('10s i', { i: inv(byTxid(1)) })
    }),
  )

  it(
    'IV1 what comes at 9,999 ms is in time for the tick, what comes at 10,001 ms waits for the next',
    marbles(helpers => {
      const { sent$ } = announcing(helpers, { deeds: '9999ms t-u', values: { t: ids(1), u: ids(2) } })
      helpers
        .expectObservable(sent$, '^ 29999ms !')
        .toBe('10s t 9999ms u', { t: inv(byTxid(1)), u: inv(byTxid(2)) })
    }),
  )

  it(
    'IV1 a tick without anything to tell is silent, and one inv tells all',
    marbles(helpers => {
      const { sent$ } = announcing(helpers, {
        deeds: '11s t-u-x',
        values: { t: ids(1), u: transaction, x: byTxid(3) },
      })
      const all = inv(byTxid(1), { type: 1, hash: transaction.txid }, byTxid(3))
      helpers.expectObservable(sent$, '^ 29999ms !').toBe('20s i', { i: all })
    }),
  )

  it.each([
    [500, '500ms t 499ms u'],
    [60_000, '60s t'],
  ])('IV1 with trickleInterval %i the ticks are there', (trickleInterval, heard) => {
    marbles(helpers => {
      const { sent$ } = announcing(helpers, {
        deeds: '-t 499ms u',
        values: { t: ids(1), u: ids(2) },
        options: { trickleInterval },
      })
      const together = !heard.includes('u')
      helpers.expectObservable(sent$, '^ 60s !').toBe(heard, {
        t: together ? inv(byTxid(1), byTxid(2)) : inv(byTxid(1)),
        u: inv(byTxid(2)),
      })
    })()
  })

  it(
    'IV2 what the remote knows is dropped at once',
    marbles(helpers => {
      const marked = (peer: Peer) => {
        peer.markKnown(ids(1))
        peer.announce(ids(1))
        peer.announce(ids(2))
      }
      const { sent$ } = announcing(helpers, { deeds: '3s t', values: { t: marked } })
      helpers.expectObservable(sent$, '^ 29999ms !').toBe('10s i', { i: inv(byTxid(2)) })
    }),
  )

  it(
    'IV3 what the remote learns before the tick is left out; if nothing remains, no inv',
    marbles(helpers => {
      const { sent$ } = announcing(helpers, {
        said: `${shaken} 4s i`,
        deeds: '3s t 10s (uw)',
        values: { t: ids(1), u: ids(2), w: each([ids(3), ids(4)]) },
        messages: { i: inv(byTxid(1)) },
      })
      helpers
        .expectObservable(sent$, '^ 29999ms !')
        .toBe('20s i', { i: inv(byTxid(2), byTxid(3), byTxid(4)) })
    }),
  )

  it.each<[string, readonly Announcement[]]>([
    ['the same object twice', Array<Announcement>(2).fill(ids(1))],
    ['a copy of it', [ids(1), ids(1)]],
    ['first by its hashes, then as a bare entry', [ids(1), byTxid(1)]],
    ['first as a bare entry, then by its hashes', [byTxid(1), ids(1)]],
  ])('IV4 %s before the tick leaves once', (_, twice) => {
    marbles(helpers => {
      const { sent$ } = announcing(helpers, { deeds: '3s t', values: { t: each(twice) } })
      helpers.expectObservable(sent$, '^ 29999ms !').toBe('10s i', { i: inv(byTxid(1)) })
    })()
  })

  it(
    'IV4 twice with more between than the known inventory remembers leaves once',
    marbles(helpers => {
      const all = [ids(0), ...many(1, 999), ids(0), ...many(1000, 300), ids(0)]
      const { sent$ } = announcing(helpers, { deeds: '3s t', values: { t: each(all) } })
      helpers
        .expectObservable(sent$, '^ 19999ms !')
        .toBe('10s (ij)', { i: invOf(0, 1000), j: invOf(1000, 300) })
    }),
  )

  it(
    'IV4 what was known when the tick began stays known through a large batch',
    marbles(helpers => {
      const all = each([...many(0, 700), ids(9999)])
      const mark = (peer: Peer) => peer.markKnown(ids(9999))
      const { sent$ } = announcing(helpers, { deeds: '3s tm', values: { t: all, m: mark } })
      helpers.expectObservable(sent$, '^ 19999ms !').toBe('10s i', { i: invOf(0, 700) })
    }),
  )

  it.each([
    ['by their hashes', many(0, 2500)],
    ['as bare entries', Array.from({ length: 2500 }, (_, i) => byTxid(i))],
  ])('IV5 2,500 announcements %s leave as 1000, 1000, 500 in one tick, in order', (_, all) => {
    marbles(helpers => {
      const { sent$ } = announcing(helpers, { deeds: '3s t', values: { t: each(all) } })
      const expected = { i: invOf(0, 1000), j: invOf(1000, 1000), k: invOf(2000, 500) }
      helpers.expectObservable(sent$, '^ 29999ms !').toBe('10s (ijk)', expected)
    })()
  })

  it.each([
    [1000, '10s i', { i: invOf(0, 1000) }],
    [1001, '10s (ij)', { i: invOf(0, 1000), j: invOf(1000, 1) }],
  ])('IV5 %i announcements', (count, heard, expected) => {
    marbles(helpers => {
      const { sent$ } = announcing(helpers, { deeds: '3s t', values: { t: each(many(0, count)) } })
      helpers.expectObservable(sent$, '^ 19999ms !').toBe(heard, expected)
    })()
  })

  it(
    'IV7 what was announced is known afterwards, by either hash',
    marbles(helpers => {
      const { sent$ } = announcing(helpers, {
        deeds: '3s t 8s (tuv)',
        values: { t: ids(1), u: byTxid(1), v: byWtxid(1) },
      })
      helpers.expectObservable(sent$, '^ 39999ms !').toBe('10s i', { i: inv(byTxid(1)) })
    }),
  )

  it.each([
    [1000, []],
    [1001, [byTxid(0)]],
  ])('IV7 of %i announced ones the newest 1000 are known', (count, forgotten) => {
    marbles(helpers => {
      const first = each(Array.from({ length: count }, (_, i) => byTxid(i)))
      const again = each([0, 1, count - 1].map(byTxid))
      const { sent$ } = announcing(helpers, { deeds: '3s a 8s b', values: { a: first, b: again } })
      const later$ = sent$.pipe(mergeMap(message => (helpers.clock.monotonic() > 10_000 ? [message] : [])))
      helpers
        .expectObservable(later$, '^ 29999ms !')
        .toBe(forgotten.length > 0 ? '20s i' : '', { i: inv(...forgotten) })
    })()
  })

  it.each([
    ['tx', 1],
    ['filteredBlock', 3],
    ['compactBlock', 4],
    ['wtx', 5],
    ['witnessTx', 0x4000_0001],
    ['filteredWitnessBlock', 0x4000_0003],
    ['a type of tomorrow', 77],
  ])('IV8 a bare entry of type %s is trickled as it is', (_, type) => {
    marbles(helpers => {
      const entry = { type, hash: byTxid(1).hash }
      const { sent$ } = announcing(helpers, { deeds: '3s t', values: { t: entry } })
      helpers.expectObservable(sent$, '^ 19999ms !').toBe('10s i', { i: inv(entry) })
    })()
  })

  it(
    'IV9 before the handshake there is no peer to announce through, and the ticks count from its end',
    marbles(helpers => {
      const { sent$ } = announcing(helpers, {
        said: '4999ms v-a',
        deeds: '3s t 4s u',
        values: { t: ids(1), u: ids(2) },
      })
      helpers.expectObservable(sent$, '^ 29999ms !').toBe('15001ms i', { i: inv(byTxid(2)) })
    }),
  )

  it(
    'IV10 a peer that disconnects 1 ms before the tick announces nothing, and leaves no timer',
    marbles(helpers => {
      const timers = countedTimers(helpers)
      const { remote, sent$ } = announcing(helpers, {
        deeds: '3s t 6998ms d-t',
        values: { t: ids(1), d: peer => peer.disconnect() },
        options: { scheduler: timers.scheduler },
      })
      helpers.expectObservable(sent$, '^ 29999ms !').toBe('')
      helpers.expectObservable(endAndTimers(remote, timers)).toBe('9999ms (e|)', { e: 'close, 0 timers' })
    }),
  )

  it(
    'IV10 nor does one whose remote ended; announcing and marking stay harmless',
    marbles(helpers => {
      const after = (peer: Peer) => {
        peer.announce(ids(2))
        peer.announce(block)
        peer.markKnown(block)
      }
      const { remote, peer$ } = outbound(helpers, `${shaken} 9995ms |`)
      const done$ = peer$.pipe(
        switchMap(peer => {
          peer.announce(ids(1))
          return peer.closed$.pipe(map(() => after(peer)))
        }),
      )
      helpers.expectObservable(commandsOf(remote.sent$)).toBe('(vwsa) 9993ms |', commands)
      helpers.expectObservable(done$).toBe('9999ms (u#)', { u: undefined }, failure('remote-closed'))
    }),
  )

  it(
    'IV10 unsubscribing at 9,999 ms ends it; at 10,001 ms the inv is out',
    marbles(helpers => {
      const scene = () => announcing(helpers, { deeds: '3s t', values: { t: ids(1) } })
      const [early, late] = [scene(), scene()]
      helpers.expectObservable(early.sent$, '^ 9998ms !').toBe('')
      helpers.expectObservable(early.remote.ended$).toBe('9999ms (e|)', { e: 'close' })
      helpers.expectObservable(late.sent$, '^ 10s !').toBe('10s i', { i: inv(byTxid(1)) })
      helpers.expectObservable(late.remote.ended$).toBe('10001ms (e|)', { e: 'close' })
    }),
  )

  it(
    'announced inside a handler: a block leaves at once, a transaction with the tick',
    marbles(helpers => {
      const inHandler = (peer: Peer) => {
        peer.on('ping').subscribe(() => {
          peer.announce(ids(1))
          peer.announce(block)
        })
      }
      const { sent$ } = announcing(helpers, {
        said: `${shaken} 2996ms p`,
        deeds: '-s',
        values: { s: inHandler },
      })
      const expected = { o: { command: 'pong', nonce: 7n }, b: blockInv, i: inv(byTxid(1)) }
      helpers.expectObservable(sent$, '^ 29999ms !').toBe('3s (ob) 6996ms i', expected)
    }),
  )

  it(
    'announced while a tick is written: it waits for the next, and nothing is lost or doubled',
    marbles(helpers => {
      const whileWritten = (peer: Peer) => {
        for (const tx of many(0, 1001)) peer.announce(tx)
        peer.sent$.subscribe(({ command }) => {
          if (command !== 'inv') return
          peer.announce(ids(5000))
          peer.announce(ids(0))
        })
      }
      const { sent$ } = announcing(helpers, { deeds: '3s s', values: { s: whileWritten } })
      const expected = { i: invOf(0, 1000), j: invOf(1000, 1), k: inv(byTxid(5000)) }
      helpers.expectObservable(sent$, '^ 39999ms !').toBe('10s (ij) 9996ms k', expected)
    }),
  )

  it(
    'left out by name, nothing is announced',
    marbles(helpers => {
      const { sent$ } = announcing(helpers, {
        deeds: '3s (tb)',
        values: { t: ids(1), b: block },
        options: { behaviors: { trickle: false } },
      })
      helpers.expectObservable(sent$, '^ 29999ms !').toBe('')
    }),
  )
})

describe('blocks', () => {
  it(
    'IV6 leave at once, one a message, and are merged with nothing',
    marbles(helpers => {
      const { sent$ } = announcing(helpers, {
        deeds: '3s t-(bcx)',
        values: { t: ids(1), b: block, c: other.header, x: ofBlock(9) },
      })
      helpers.expectObservable(sent$, '^ 29999ms !').toBe('3002ms (bcx) 6993ms i', {
        b: blockInv,
        c: otherInv,
        x: inv(ofBlock(9)),
        i: inv(byTxid(1)),
      })
    }),
  )

  it(
    'IV6 a bare entry of type witnessBlock leaves at once, too',
    marbles(helpers => {
      const entry = { type: 0x4000_0002, hash: ofBlock(1).hash }
      const { sent$ } = announcing(helpers, { deeds: '3s b', values: { b: entry } })
      helpers.expectObservable(sent$, '^ 19999ms !').toBe('3s b', { b: inv(entry) })
    }),
  )

  it(
    'IV6 are never kept back: not when announced before, nor by what the remote announced',
    marbles(helpers => {
      const { sent$ } = announcing(helpers, {
        said: `${shaken} 996ms i`,
        deeds: '3s b-b-x-x',
        values: { b: block, x: ofBlock(9) },
        messages: { i: inv({ type: 2, hash: block.header.hash }, ofBlock(9)) },
      })
      helpers.expectObservable(sent$, '^ 19999ms !').toBe('3s b-b-x-x', { b: blockInv, x: inv(ofBlock(9)) })
    }),
  )

  it.each([
    ['block', block],
    ['header', block.header],
    ['bare entry', { type: 2, hash: block.header.hash.slice() }],
  ])('IV2 unless the user marked them as known, here as a %s', (_, marked) => {
    marbles(helpers => {
      const { sent$ } = announcing(helpers, {
        said: `${shaken} 5996ms h`,
        deeds: '3s m-(bcx) 2s 998ms (bc)',
        values: { m: peer => peer.markKnown(marked), b: block, c: block.header, x: other },
      })
      helpers.expectObservable(sent$, '^ 19999ms !').toBe('3002ms x', { x: otherInv })
    })()
  })

  it(
    'IV12 leave as headers from the moment in which sendheaders came; a bare entry stays inv',
    marbles(helpers => {
      const { sent$ } = announcing(helpers, {
        said: `${shaken} 2997ms h`,
        deeds: '3s b-b-c-x',
        values: { b: block, c: other.header, x: ofBlock(9) },
      })
      helpers.expectObservable(sent$, '^ 19999ms !').toBe('3s b-h-k-x', {
        b: blockInv,
        h: { command: 'headers', headers: [block.header] },
        k: { command: 'headers', headers: [other.header] },
        x: inv(ofBlock(9)),
      })
    }),
  )
})

describe('the form of transactions', () => {
  const forms: readonly Announcement[] = [ids(1), transaction, plain]

  it(
    'IV12 is the wtxid where both sides said wtxidrelay, and the txid is not told besides',
    marbles(helpers => {
      const { sent$ } = announcing(helpers, {
        said: shakenWtxid,
        deeds: '3s t',
        values: { t: each(forms) },
      })
      helpers.expectObservable(sent$, '^ 39999ms !').toBe('10s i', {
        i: inv(byWtxid(1), { type: 5, hash: transaction.wtxid }, { type: 5, hash: plain.txid }),
      })
    }),
  )

  it.each([
    ['the remote did not say wtxidrelay', shaken, {}],
    ['we speak no more than 70015', '(oa)', { protocolVersion: 70_015 }],
  ])('IV12 is the txid where %s', (_, said, options) => {
    marbles(helpers => {
      const { sent$ } = announcing(helpers, {
        said,
        deeds: '3s t',
        values: { t: each(forms) },
        options,
        messages: { o: version({ protocolVersion: 70_015 }) },
      })
      helpers.expectObservable(sent$, '^ 39999ms !').toBe('10s i', {
        i: inv(byTxid(1), { type: 1, hash: transaction.txid }, { type: 1, hash: plain.txid }),
      })
      expect(transaction.txid).not.toEqual(transaction.wtxid)
    })()
  })
})

describe('feefilter', () => {
  const filtered = (helpers: MarbleHelpers, said: string, deeds: string) =>
    announcing(helpers, {
      said,
      deeds,
      values: {
        t: each([ids(1, 999n), ids(2, 1000n), ids(3, 1001n), ids(4), ids(5, 0n)]),
        l: ids(1, 999n),
      },
      messages: {
        f: { command: 'feefilter', feeRate: 1000n },
        n: { command: 'feefilter', feeRate: 999n },
      },
    }).sent$

  it.each([
    ['before the announcement', `${shaken} 996ms f`],
    ['between announcement and tick', `${shaken} 9995ms f`],
  ])('IV12 %s, it keeps back what pays less; what pays as much, or tells no rate, leaves', (_, said) => {
    marbles(helpers => {
      helpers
        .expectObservable(filtered(helpers, said, '3s t'), '^ 29999ms !')
        .toBe('10s i', { i: inv(byTxid(2), byTxid(3), byTxid(4)) })
    })()
  })

  it(
    'IV12 after the tick it is too late',
    marbles(helpers => {
      helpers
        .expectObservable(filtered(helpers, `${shaken} 9997ms f`, '3s t'), '^ 29999ms !')
        .toBe('10s i', { i: inv(byTxid(1), byTxid(2), byTxid(3), byTxid(4), byTxid(5)) })
    }),
  )

  it(
    'IV12 what was kept back is not known, and the last feefilter counts',
    marbles(helpers => {
      helpers
        .expectObservable(filtered(helpers, `${shaken} 996ms f 10s n`, '3s t 9s l'), '^ 29999ms !')
        .toBe('10s i 9999ms l', { i: inv(byTxid(2), byTxid(3), byTxid(4)), l: inv(byTxid(1)) })
    }),
  )
})

describe('relay in the version message', () => {
  const quiet = (
    helpers: MarbleHelpers,
    said: string,
    { protocolVersion = 70_016, services = Services.bloom }: PeerOptions = {},
  ) =>
    announcing(helpers, {
      said: `(qa)${said}`,
      deeds: '3s (txb) 9s (uy)',
      values: { t: ids(1), x: byWtxid(2), b: block, u: ids(3), y: byTxid(4) },
      options: { services },
      messages: {
        q: version({ relay: false, protocolVersion }),
        l: { command: 'filterload', filter: new Uint8Array(1), hashFunctions: 1, tweak: 0, flags: 0 },
        d: { command: 'filteradd', data: new Uint8Array(1) },
        c: { command: 'filterclear' },
      },
    }).sent$
  const [before, after] = [inv(byTxid(1), byWtxid(2)), inv(byTxid(3), byTxid(4))]

  it(
    'false: no transaction is announced, bare entries included; blocks are',
    marbles(helpers => {
      helpers.expectObservable(quiet(helpers, ''), '^ 39999ms !').toBe('3s b', { b: blockInv })
    }),
  )

  it.each([
    ['filterload', ' 10s l', true],
    ['filterclear', ' 10s c', true],
    ['filteradd', ' 10s d', false],
  ])('false until %s: later announcements leave (BIP37)', (_, said, heard) => {
    marbles(helpers => {
      helpers
        .expectObservable(quiet(helpers, said), '^ 39999ms !')
        .toBe(heard ? '3s b 16999ms u' : '3s b', { b: blockInv, u: after })
    })()
  })

  it(
    'a filterload that we do not take changes nothing',
    marbles(helpers => {
      const options = { protocolVersion: 70_010, services: Services.none }
      helpers.expectObservable(quiet(helpers, ' 10s l', options), '^ 39999ms !').toBe('3s b', { b: blockInv })
    }),
  )

  it.each([
    [70_001, '3s b', {}],
    [70_000, '3s b 6999ms t 9999ms u', { t: before, u: after }],
  ])('counts from 70001 on, here at %i', (protocolVersion, heard, expected) => {
    marbles(helpers => {
      helpers
        .expectObservable(quiet(helpers, '', { protocolVersion }), '^ 39999ms !')
        .toBe(heard, { b: blockInv, ...expected })
    })()
  })
})

describe('poisson timing', () => {
  /** Dice that fall as told: shares of 2^32, one a tick. */
  const dice = (...shares: readonly number[]) => {
    const left = [...shares]
    return {
      bytes: (size: number) => {
        const bytes = new Uint8Array(size).fill(1)
        if (size === 4) new DataView(bytes.buffer).setUint32(0, (left.shift() ?? 0.5) * 0x1_0000_0000)
        return bytes
      },
    }
  }

  it(
    'draws each delay from the exponential distribution around trickleInterval',
    marbles(helpers => {
      const timed = (options: PeerOptions) =>
        announcing(helpers, {
          deeds: '-t 6930ms u',
          values: { t: ids(1), u: ids(2) },
          options: { trickleTiming: 'poisson', random: dice(0.5, 0.75, 0.25), ...options },
        }).sent$
      const expected = { t: inv(byTxid(1)), u: inv(byTxid(2)) }
      // 10,000 · ln 2 = 6,931 and 10,000 · ln 4 = 13,863.
      helpers.expectObservable(timed({}), '^ 39999ms !').toBe('6931ms t 13862ms u', expected)
      // 2,000 · ln 2 = 1,386, then 2,773, 575, and ln 2 again.
      helpers
        .expectObservable(timed({ trickleInterval: 2000 }), '^ 39999ms !')
        .toBe('1386ms t 6119ms u', expected)
    }),
  )

  it(
    'a dice of 0 is a delay of 1 ms',
    marbles(helpers => {
      const { sent$ } = announcing(helpers, {
        deeds: '-----t',
        values: { t: ids(1) },
        options: { trickleTiming: 'poisson', random: { bytes: size => new Uint8Array(size) } },
      })
      helpers.expectObservable(sent$, '^ 20ms !').toBe('-----t', { t: inv(byTxid(1)) })
    }),
  )

  it(
    'leaves no timer behind',
    marbles(helpers => {
      const timers = countedTimers(helpers)
      const { remote, sent$ } = announcing(helpers, {
        deeds: '-t',
        values: { t: ids(1) },
        options: { trickleTiming: 'poisson', random: dice(0.5, 0.5), scheduler: timers.scheduler },
      })
      helpers.expectObservable(sent$, '^ 6931ms !').toBe('6931ms t', { t: inv(byTxid(1)) })
      helpers.expectObservable(endAndTimers(remote, timers)).toBe('6932ms (e|)', { e: 'close, 0 timers' })
    }),
  )
})
