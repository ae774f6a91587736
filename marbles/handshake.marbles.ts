import { filter, map, mergeMap, of, switchMap } from 'rxjs'
import { describe, it } from 'vitest'
import type { Behavior } from '../src/behaviors/behavior.js'
import { createNonces } from '../src/peer/nonces.js'
import { corePolicy } from '../src/peer/policy.js'
import { marbles } from '../src/testing/marbles.js'
import { frameOf } from '../src/testing/scripted-remote.js'
import { cast, commands, commandsOf, failure, inbound, letterP, outbound, version } from './cast.js'

// Rows HS and HV of the protocol notes. One letter is one millisecond; `-` is a millisecond of silence; what stands in
// brackets happens in one millisecond. Inbound: v version, w wtxidrelay, s sendaddrv2, a verack, p ping, u an unknown
// message. Outbound the same, and r reject. P is the peer, # its error, | its completion.

describe('handshake', () => {
  it(
    'HS1 inbound: nothing is written before the remote speaks',
    marbles(helpers => {
      const { remote, peer$ } = inbound(helpers, '--')
      helpers.expectObservable(commandsOf(remote.sent$), '^ 29999ms !').toBe('')
      helpers.expectObservable(letterP(peer$), '^ 29999ms !').toBe('')
    }),
  )

  it(
    'HS2 inbound: version is answered by version, wtxidrelay, sendaddrv2, verack',
    marbles(helpers => {
      const { remote, peer$ } = inbound(helpers, '-v--a')
      helpers.expectObservable(commandsOf(remote.sent$), '^----------!').toBe('-(vwsa)', commands)
      helpers.expectObservable(letterP(peer$), '^----------!').toBe('----P')
    }),
  )

  it(
    'HS3 outbound: version is written at once, and nothing else',
    marbles(helpers => {
      const { remote, peer$ } = outbound(helpers, '----------')
      helpers.expectObservable(commandsOf(remote.sent$), '^---------!').toBe('v', commands)
      helpers.expectObservable(letterP(peer$), '^---------!').toBe('')
    }),
  )

  it(
    'HS4 outbound: version is answered by wtxidrelay, sendaddrv2, verack',
    marbles(helpers => {
      const { remote, peer$ } = outbound(helpers, '--v----wsa')
      helpers.expectObservable(commandsOf(remote.sent$), '^-------------!').toBe('v-(wsa)', commands)
      helpers.expectObservable(letterP(peer$), '^-------------!').toBe('---------P')
    }),
  )

  it(
    'HS5 below 70016 there is no wtxidrelay and no sendaddrv2',
    marbles(helpers => {
      const { remote, peer$ } = outbound(helpers, '--o----a', {}, { o: version({ protocolVersion: 70015 }) })
      helpers.expectObservable(commandsOf(remote.sent$), '^---------!').toBe('v-a', commands)
      helpers
        .expectObservable(peer$.pipe(mergeMap(peer => [peer.protocolVersion])), '^---------!')
        .toBe('-------n', {
          n: 70015,
        })
    }),
  )

  it(
    'HS5 our own maximum counts as well',
    marbles(helpers => {
      const { remote, peer$ } = inbound(helpers, '-v--a', { protocolVersion: 70015 })
      helpers.expectObservable(commandsOf(remote.sent$), '^----------!').toBe('-(va)', commands)
      helpers.expectObservable(letterP(peer$), '^----------!').toBe('----P')
    }),
  )

  it(
    'HS6 the handshake ends with verack; initial messages follow at once',
    marbles(helpers => {
      const { remote, peer$ } = outbound(helpers, '-v------a', { initial: [cast.h, cast.g] })
      helpers.expectObservable(commandsOf(remote.sent$), '^--------------!').toBe('v(wsa)--(hg)', commands)
      helpers.expectObservable(letterP(peer$), '^--------------!').toBe('--------P')
    }),
  )

  it(
    'HS6 what behaviors say at once comes behind the initial messages, which they have seen being written',
    marbles(helpers => {
      const greet: Behavior = () => of(cast.p)
      const echo: Behavior = ({ sent$ }) =>
        sent$.pipe(
          filter(({ command }) => command === 'getaddr'),
          map(() => cast.o),
        )
      const { remote, peer$ } = outbound(helpers, '-v----a', {
        initial: [cast.h, cast.g],
        behaviors: { greet, echo },
      })
      helpers
        .expectObservable(commandsOf(remote.sent$), '^--------------!')
        .toBe('v(wsa)(hgpo)', { ...commands })
      helpers.expectObservable(letterP(peer$), '^--------------!').toBe('------P')
    }),
  )

  it(
    'HS6 our verack alone does not end it',
    marbles(helpers => {
      const { peer$ } = outbound(helpers, '-v--------')
      helpers.expectObservable(letterP(peer$), '^---------!').toBe('')
    }),
  )

  it.each([
    ['HS7 outbound', outbound, 'v'],
    ['HS7 inbound', inbound, ''],
  ] as const)('%s: 30 s without an end disconnect, not a millisecond earlier', (_, scene, sent) => {
    marbles(helpers => {
      const { remote, peer$ } = scene(helpers, '--')
      helpers
        .expectObservable(commandsOf(remote.sent$))
        .toBe(sent === 'v' ? 'v 29999ms |' : '30s |', commands)
      helpers.expectObservable(remote.ended$).toBe('30s (e|)', { e: 'close' })
      helpers.expectObservable(letterP(peer$)).toBe('30s #', {}, failure('handshake-timeout'))
    })()
  })

  it(
    'HS7 verack 1 ms before the deadline is in time; the timer is gone afterwards',
    marbles(helpers => {
      const { remote, peer$ } = outbound(helpers, '-v 29997ms a')
      helpers.expectObservable(letterP(peer$), '^ 59999ms !').toBe('29999ms P')
      helpers.expectObservable(remote.ended$).toBe('60s (e|)', { e: 'close' })
    }),
  )

  it(
    'HS7 the timeout is an option',
    marbles(helpers => {
      const { peer$ } = outbound(helpers, '-v', { handshakeTimeout: 45_000 })
      helpers.expectObservable(letterP(peer$)).toBe('45s #', {}, failure('handshake-timeout'))
    }),
  )

  it(
    'HS7 core waits 60 s',
    marbles(helpers => {
      const { peer$ } = outbound(helpers, '-v', { policy: corePolicy })
      helpers.expectObservable(letterP(peer$)).toBe('60s #', {}, failure('handshake-timeout'))
    }),
  )

  it(
    'negotiates the features that both sides announced',
    marbles(helpers => {
      const features$ = (said: string) =>
        outbound(helpers, said).peer$.pipe(mergeMap(({ features }) => [features]))
      helpers.expectObservable(features$('-v-w-s-a'), '^---------!').toBe('-------f', {
        f: { wtxidRelay: true, addrV2: true },
      })
      helpers.expectObservable(features$('-v-a'), '^---------!').toBe('---f', {
        f: { wtxidRelay: false, addrV2: false },
      })
      helpers.expectObservable(features$('-v-s-a'), '^---------!').toBe('-----f', {
        f: { wtxidRelay: false, addrV2: true },
      })
    }),
  )

  it(
    'our version message says who we are',
    marbles(helpers => {
      const { remote, peer$ } = outbound(helpers, '--', {
        userAgent: { name: 'watcher', version: '2.0', comments: ['a', 'b'] },
        services: 9n,
        relay: false,
        newestBlock: () => ({ height: 7, hash: new Uint8Array(32) }),
      })
      helpers.expectObservable(remote.sent$, '^--!').toBe('v', {
        v: version({
          services: 9n,
          // Of a remote that cannot be reached from elsewhere nothing is told, as in Core.
          receiver: { services: 0n, networkId: 2, address: new Uint8Array(16), port: 0 },
          sender: { services: 9n, networkId: 2, address: new Uint8Array(16), port: 0 },
          nonce: 0x0101010101010101n,
          userAgent: '/rxpeer:0.1.0/watcher:2.0(a; b)/',
          startHeight: 7,
          relay: false,
        }),
      })
      helpers.expectObservable(peer$, '^--!').toBe('')
    }),
  )

  it(
    'unsubscribing in the middle of it closes the connection',
    marbles(helpers => {
      const { remote, peer$ } = outbound(helpers, '-v----------')
      helpers.expectObservable(commandsOf(remote.sent$)).toBe('v(wsa)--|', commands)
      helpers.expectObservable(remote.ended$).toBe('--------(e|)', { e: 'close' })
      helpers.expectObservable(letterP(peer$), '^-------!').toBe('')
    }),
  )

  it.each([
    ['the remote ends in order', '-v-|', undefined, 'remote-closed'],
    ['the connection breaks', '-v-#', undefined, 'connection-failed'],
  ])('%s in the middle of it', (_, said, __, code) => {
    marbles(helpers => {
      const { peer$ } = outbound(helpers, said)
      helpers.expectObservable(letterP(peer$)).toBe('---#', {}, failure(code))
    })()
  })
})

describe('handshake violations', () => {
  it(
    'HV1 a message before version is rejected in the name of version, then the connection is closed',
    marbles(helpers => {
      const { remote, peer$ } = inbound(helpers, '-p')
      helpers.expectObservable(remote.sent$).toBe('-(r|)', {
        r: {
          command: 'reject',
          rejected: 'version',
          code: 0x01,
          reason: 'a version message must precede all others',
        },
      })
      helpers.expectObservable(letterP(peer$)).toBe('-#', {}, failure('message-before-version'))
    }),
  )

  it(
    'HV1 core ignores it',
    marbles(helpers => {
      const { remote, peer$ } = inbound(helpers, '-pv-------a', { policy: corePolicy })
      helpers.expectObservable(commandsOf(remote.sent$), '^------------!').toBe('--(vwsa)', commands)
      helpers.expectObservable(letterP(peer$), '^------------!').toBe('----------P')
    }),
  )

  it(
    'HV2 an unknown message before version closes without a reject',
    marbles(helpers => {
      const { remote, peer$ } = inbound(helpers, '-u')
      helpers.expectObservable(commandsOf(remote.sent$)).toBe('-|', commands)
      helpers.expectObservable(letterP(peer$)).toBe('-#', {}, failure('unknown-before-version'))
    }),
  )

  it(
    'HV2 a malformed version closes without a reject, with the fault as code',
    marbles(helpers => {
      const short = frameOf({ command: 'unknown', name: 'version', payload: new Uint8Array(45) })
      const { remote, peer$ } = inbound(helpers, '-x', {}, { x: short })
      helpers.expectObservable(commandsOf(remote.sent$)).toBe('-|', commands)
      helpers.expectObservable(letterP(peer$)).toBe('-#', {}, failure('truncated'))
    }),
  )

  it(
    'HV3 wtxidrelay may come twice, and counts only from 70016 on',
    marbles(helpers => {
      const relays$ = (said: string, protocolVersion: number) =>
        outbound(helpers, said, {}, { o: version({ protocolVersion }) }).peer$.pipe(
          mergeMap(({ features }) => [features.wtxidRelay]),
        )
      helpers.expectObservable(relays$('-o-w-w-a', 70016), '^---------!').toBe('-------t', { t: true })
      helpers.expectObservable(relays$('-o-w-w-a', 70015), '^---------!').toBe('-------f', { f: false })
    }),
  )

  it(
    'HV4 sendaddrv2 may come twice',
    marbles(helpers => {
      const { peer$ } = outbound(helpers, '-v-s-s-a')
      helpers.expectObservable(letterP(peer$), '^---------!').toBe('-------P')
    }),
  )

  it(
    'HV5 an unknown message between version and verack is skipped',
    marbles(helpers => {
      const { peer$ } = outbound(helpers, '-v-u-a')
      helpers.expectObservable(letterP(peer$), '^---------!').toBe('-----P')
    }),
  )

  it.each(['p', 'g', 'v', 'i'])('HV6 "%s" between version and verack closes without a reject', letter => {
    marbles(helpers => {
      const { remote, peer$ } = outbound(helpers, `-v------${letter}`)
      helpers.expectObservable(commandsOf(remote.sent$)).toBe('v(wsa)--|', commands)
      helpers.expectObservable(letterP(peer$)).toBe('--------#', {}, failure('message-before-verack'))
    })()
  })

  it(
    'HV6 core ignores it',
    marbles(helpers => {
      const { peer$ } = outbound(helpers, '-v-p-v-a', { policy: corePolicy })
      helpers.expectObservable(letterP(peer$), '^---------!').toBe('-------P')
    }),
  )

  it.each([
    [
      'HV7',
      'v',
      'duplicate-version',
      { rejected: 'version', code: 0x12, reason: 'duplicate version message' },
    ],
    ['HV8', 'a', 'duplicate-verack', { rejected: 'verack', code: 0x12, reason: 'duplicate verack message' }],
  ])(
    '%s a second "%s" after the handshake is rejected, then the connection is closed',
    (_, letter, code, words) => {
      marbles(helpers => {
        const { remote, peer$ } = inbound(helpers, `-v------a-${letter}`)
        helpers
          .expectObservable(remote.sent$.pipe(mergeMap(m => (m.command === 'reject' ? [m] : []))))
          .toBe('----------(r|)', { r: { command: 'reject', ...words } })
        helpers.expectObservable(letterP(peer$)).toBe('--------P-#', { P: 'P' }, failure(code))
      })()
    },
  )

  it.each(['v', 'a'])('HV7 HV8 core ignores a second "%s" and does not deliver it', letter => {
    marbles(helpers => {
      const { peer$ } = outbound(helpers, `-v-a-${letter}-p`, { policy: corePolicy })
      const seen$ = commandsOf(peer$.pipe(switchMap(peer => peer.messages$)))
      helpers.expectObservable(seen$, '^---------!').toBe('-------p', commands)
    })()
  })

  it.each([
    ['HV9', 's', 'late-sendaddrv2'],
    ['HV10', 'w', 'late-wtxidrelay'],
  ])('%s "%s" after verack closes without a reject', (_, letter, code) => {
    marbles(helpers => {
      const { remote, peer$ } = outbound(helpers, `-v------a-${letter}`)
      helpers.expectObservable(commandsOf(remote.sent$)).toBe('v(wsa)----|', commands)
      helpers.expectObservable(letterP(peer$)).toBe('--------P-#', { P: 'P' }, failure(code))
    })()
  })

  it.each([
    ['outbound', outbound, 'v'],
    ['inbound', inbound, '-'],
  ] as const)('HV11 %s: our own nonce closes without a reject, before acceptVersion', (_, scene, first) => {
    marbles(helpers => {
      const nonces = createNonces()
      nonces.add(99n)
      const acceptVersion = () => {
        throw new Error('must not be asked')
      }
      const random = {
        bytes: (size: number) => Uint8Array.from({ length: size }, (_, i) => (i < 7 ? 0 : 99)),
      }
      const { remote, peer$ } = scene(
        helpers,
        '-v',
        { nonces, random, acceptVersion },
        { v: version({ nonce: 99n }) },
      )
      helpers.expectObservable(commandsOf(remote.sent$)).toBe(`${first}|`, commands)
      helpers.expectObservable(letterP(peer$)).toBe('-#', {}, failure('self-connection'))
    })()
  })

  it(
    'HV12 version 208 is obsolete, and too old to be told so',
    marbles(helpers => {
      const asked: number[] = []
      const { remote, peer$ } = inbound(
        helpers,
        '-o',
        {
          acceptVersion: ({ protocolVersion }) => {
            asked.push(protocolVersion)
            return undefined
          },
        },
        { o: version({ protocolVersion: 208 }) },
      )
      helpers.expectObservable(commandsOf(remote.sent$)).toBe('-|', commands)
      helpers.expectObservable(letterP(peer$)).toBe('-#', {}, failure('obsolete-version'))
      helpers.flush()
      if (asked.join() !== '208') throw new Error(`acceptVersion was asked about: ${asked.join()}`)
    }),
  )

  it(
    'HV12 version 209 is spoken with; core wants 31800',
    marbles(helpers => {
      const peers$ = (protocolVersion: number, policy?: typeof corePolicy) =>
        letterP(
          inbound(
            helpers,
            '-o---a',
            policy ? { policy } : {},
            { o: version({ protocolVersion }) },
            { protocolVersion },
          ).peer$,
        )
      helpers.expectObservable(peers$(209), '^-------!').toBe('-----P')
      helpers.expectObservable(peers$(31_800, corePolicy), '^-------!').toBe('-----P')
      helpers
        .expectObservable(peers$(31_799, corePolicy), '^-------!')
        .toBe('-#', {}, failure('obsolete-version'))
    }),
  )

  it.each([
    [70_002, '-(r|)'],
    [70_001, '-|'],
  ])(
    'HV13 acceptVersion refuses version %i: the reject is written where the remote knows it',
    (protocolVersion, sent) => {
      marbles(helpers => {
        const { remote, peer$ } = inbound(
          helpers,
          '-o',
          {
            acceptVersion: () => ({
              command: 'reject',
              rejected: 'version',
              code: 0x40,
              reason: 'no thanks',
            }),
          },
          { o: version({ protocolVersion }) },
        )
        helpers.expectObservable(commandsOf(remote.sent$)).toBe(sent, commands)
        helpers.expectObservable(letterP(peer$)).toBe('-#', {}, failure('version-rejected'))
      })()
    },
  )

  it(
    'HV13 an acceptVersion that throws closes the peer and harms nothing else',
    marbles(helpers => {
      const { peer$ } = inbound(helpers, '-v', {
        acceptVersion: () => {
          throw new RangeError('a bug of the user')
        },
      })
      helpers.expectObservable(letterP(peer$)).toBe('-#', {}, failure('callback-failed'))
    }),
  )

  it(
    'a reject that cannot be written holds the end up for 1 s only',
    marbles(helpers => {
      const { remote, peer$ } = inbound(helpers, '-p', {}, {}, { taking: () => {} })
      helpers.expectObservable(remote.ended$).toBe('1001ms (e|)', { e: 'close' })
      helpers.expectObservable(letterP(peer$)).toBe('1001ms #', {}, failure('message-before-version'))
    }),
  )

  it(
    'HV14 sends that were not written when the remote closes settle false; later ones at once',
    marbles(helpers => {
      const { peer$ } = outbound(helpers, '-v-a---|', {}, {}, { taking: () => {} })
      const sends$ = peer$.pipe(mergeMap(peer => peer.send(cast.p)))
      helpers.expectObservable(sends$).toBe('-------(f#)', { f: false }, failure('remote-closed'))
      const late$ = outbound(helpers, '-v-a-|').peer$.pipe(
        mergeMap(peer => peer.closed$.pipe(mergeMap(() => peer.send(cast.p)))),
      )
      helpers.expectObservable(late$).toBe('-----(f#)', { f: false }, failure('remote-closed'))
    }),
  )
})
