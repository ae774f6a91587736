import { map, retry, switchMap, toArray } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { idle } from '../../src/behaviors/idle.js'
import { connect } from '../../src/peer/connect.js'
import { commandsOf, dialInDiagram, peerInDiagram } from '../../src/testing/in-diagram.js'
import { marbles } from '../../src/testing/marbles.js'
import { invMessage, pingMessage, pongMessage, versionMessage } from '../../src/testing/messages.js'

const values = { i: invMessage(), p: pingMessage(7n) }

function failure(code: string): Error {
  return Object.assign(new Error(code), { name: 'PeerError', code })
}

describe('peerInDiagram', () => {
  it.each(['outbound', 'inbound'] as const)(
    '%s: is ready at 0 ms, and the diagram begins after the handshake',
    direction => {
      marbles(helpers => {
        const { peer, peer$, sent$ } = peerInDiagram(helpers, 'i-p', values, { direction })
        expect(peer.direction).toBe(direction)
        expect(peer.features).toEqual({ wtxidRelay: true, addrV2: true })
        expect(peer.protocolVersion).toBe(70016)
        helpers.expectObservable(peer$.pipe(map(() => 'P'))).toBe('P')
        helpers.expectObservable(peer.messages$).toBe('i-p', values)
        helpers.expectObservable(sent$).toBe('--o', { o: pongMessage(7n) })
      })()
    },
  )

  it(
    'says nothing by the clock and never ends by itself, unless its habits are given back',
    marbles(helpers => {
      const quiet = peerInDiagram(helpers)
      helpers.expectObservable(quiet.sent$).toBe('')
      helpers.expectObservable(quiet.peer.closed$).toBe('')
      const { peer$, ended$ } = peerInDiagram(
        helpers,
        '',
        {},
        { options: { behaviors: { idle: idle(5_000) } } },
      )
      helpers.expectObservable(peer$.pipe(map(() => 'P'))).toBe('P 4999ms #', null, failure('idle-timeout'))
      helpers.expectObservable(ended$).toBe('5s (c|)', { c: 'close' })
    }),
  )

  it(
    'an EOF and a broken connection end it',
    marbles(helpers => {
      const letter = map(() => 'P')
      helpers
        .expectObservable(peerInDiagram(helpers, '--|').peer$.pipe(letter))
        .toBe('P-#', null, failure('remote-closed'))
      helpers
        .expectObservable(peerInDiagram(helpers, '--#').peer$.pipe(letter))
        .toBe('P-#', null, failure('connection-reset'))
    }),
  )

  it(
    'with a drain diagram writes are taken one by one, then all',
    marbles(helpers => {
      const { peer } = peerInDiagram(helpers, '', {}, { drain: helpers.hot('--t---t--|') })
      for (const at of [4, 6, 9, 9]) {
        // The first is sent with the others at 0 ms.
        const sent$ = peer.send(pingMessage(BigInt(at)))
        const taken = at === 4 ? 2 : at
        helpers.expectObservable(sent$).toBe(`${taken}ms (t|)`, { t: true })
      }
    }),
  )

  it(
    'has the remote that it is given',
    marbles(helpers => {
      const version = versionMessage({ protocolVersion: 70015, userAgent: '/old/' })
      const { peer } = peerInDiagram(helpers, '', {}, { version })
      expect(peer.version.userAgent).toBe('/old/')
      expect(peer.features).toEqual({ wtxidRelay: false, addrV2: false })
      expect(() => peerInDiagram(helpers, '', {}, { options: { requiredServices: 4n } })).toThrow(
        'handshake failed',
      )
    }),
  )
})

describe('dialInDiagram', () => {
  it(
    'the next attempt finds the next diagram, and none behind the last',
    marbles(helpers => {
      const { dial, options, dialled$, sent$ } = dialInDiagram(helpers, ['--i--|', '-i-#', '-p|'], values)
      const commands$ = connect(dial, options).pipe(
        switchMap(peer => commandsOf(peer.messages$)),
        retry({ delay: 100, count: 3 }),
      )
      helpers.expectObservable(dialled$).toBe('1 104ms 2 102ms 3 101ms 4', { 1: 1, 2: 2, 3: 3, 4: 4 })
      helpers
        .expectObservable(commands$)
        .toBe('--i 103ms i 102ms p 100ms #', { i: 'inv', p: 'ping' }, failure('connection-refused'))
      helpers.expectObservable(sent$).toBe('209ms o', { o: pongMessage(7n) })
    }),
  )

  it(
    'a list that is cut off by the end of the connection never comes',
    marbles(helpers => {
      const { dial, options } = dialInDiagram(helpers, ['-ii|'], values)
      const lists$ = connect(dial, options).pipe(switchMap(peer => peer.on('inv').pipe(toArray())))
      helpers.expectObservable(lists$).toBe('---#', null, failure('remote-closed'))
    }),
  )
})
