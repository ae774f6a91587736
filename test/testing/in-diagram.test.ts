import { map, of, retry, switchMap, tap, timer, toArray } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { idle } from '../../src/behaviors/idle.js'
import { connect } from '../../src/peer/connect.js'
import { failure } from '../../src/testing/failure.js'
import { commandsOf, dialInDiagram, peerInDiagram } from '../../src/testing/in-diagram.js'
import { marbles } from '../../src/testing/marbles.js'
import { invMessage, pingMessage, pongMessage, versionMessage } from '../../src/testing/messages.js'

const values = { i: invMessage(), p: pingMessage(7n) }

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

describe('what is sent and dialled', () => {
  const ping = pingMessage(7n)
  const greet = () => of(pingMessage(8n))

  it.each(['outbound', 'inbound'] as const)(
    '%s: a send before the expectation is seen, and so is what habits send at once',
    direction => {
      marbles(helpers => {
        const options = { behaviors: { greet } }
        const { peer, sent$ } = peerInDiagram(helpers, '', {}, { direction, options })
        peer.send(ping)
        helpers.expectObservable(sent$).toBe('(gp)', { g: pingMessage(8n), p: ping })
        helpers.expectObservable(sent$).toBe('(gp)', { g: pingMessage(8n), p: ping })
      })()
    },
  )

  it(
    'is replayed at its own moment only',
    marbles(helpers => {
      const { peer, sent$, ended$ } = peerInDiagram(helpers)
      const late$ = (due: number) => timer(due).pipe(switchMap(() => sent$))
      timer(5).subscribe(() => peer.send(ping))
      helpers.expectObservable(late$(5), '^-----!').toBe('-----p', { p: ping })
      helpers.expectObservable(late$(6)).toBe('20ms |')
      helpers.expectObservable(late$(5.5), '^-----!').toBe('')
      timer(20).subscribe(() => peer.disconnect())
      helpers.expectObservable(timer(20).pipe(switchMap(() => ended$))).toBe('20ms (c|)', { c: 'close' })
      helpers.expectObservable(timer(21).pipe(switchMap(() => ended$))).toBe('21ms |')
    }),
  )

  it(
    'an end before the expectation is seen',
    marbles(helpers => {
      const { peer, sent$, ended$ } = peerInDiagram(helpers)
      peer.disconnect()
      helpers.expectObservable(ended$).toBe('(c|)', { c: 'close' })
      helpers.expectObservable(sent$).toBe('|')
    }),
  )

  it(
    'over several connections too, in whatever order they are expected',
    marbles(helpers => {
      const { dial, options, dialled$, sent$ } = dialInDiagram(helpers, ['--|', ''])
      connect(dial, options)
        .pipe(
          tap(peer => peer.send(ping)),
          retry({ delay: 100 }),
        )
        .subscribe()
      helpers.expectObservable(dialled$).toBe('1 101ms 2', { 1: 1, 2: 2 })
      helpers.expectObservable(sent$).toBe('p 101ms p', { p: ping })
    }),
  )
})

describe('a letter that stands for nothing', () => {
  function thrownBy(make: () => unknown): string {
    try {
      make()
      return ''
    } catch (error) {
      return error instanceof Error ? error.message : String(error)
    }
  }

  /** What both say of a diagram, at the call; of values that the compiler would not let through too. */
  function told(said: string, given: object): string {
    const messages: string[] = []
    marbles(helpers => {
      messages.push(thrownBy(() => Reflect.apply(peerInDiagram, undefined, [helpers, said, given])))
      messages.push(thrownBy(() => Reflect.apply(dialInDiagram, undefined, [helpers, ['--|', said], given])))
    })()
    expect(messages[1]).toBe(messages[0])
    return messages[0] ?? ''
  }

  it('is named at the call, with its diagram', () => {
    expect(told('-i', {})).toBe("'i' in the diagram '-i' stands for nothing")
    expect(told('-i--(pi)|', { i: invMessage() })).toBe("'p' in the diagram '-i--(pi)|' stands for nothing")
    expect(told('-i', { i: undefined })).toContain("'i' in the diagram")
  })

  it('or for what no remote can say', () => {
    expect(told('-i', { i: 'inv' })).toBe(
      `'i' in the diagram '-i' stands for "inv", which is neither a message nor bytes`,
    )
    expect(told('-i', { i: { command: 'invitation' } })).toContain(
      '{command: "invitation"}, which is neither',
    )
    expect(told('-i', { i: Uint8Array.of(1) })).toBe('')
  })

  it.each(['', '^--i', '-i 30s i 29999ms i', '1.5m i', '30s 5ms i', ' 30s (i|)', '5ms #', '2 5ms 2|'])(
    'is not the time in "%s"',
    said => {
      expect(told(said, { i: invMessage(), 2: invMessage() })).toBe('')
    },
  )

  it.each(['-i30s ', '-i 30s', 'i 30h i', 'i 1.s i'])(
    'is the time in "%s", which RxJS takes for letters',
    said => {
      expect(told(said, { i: invMessage() })).toMatch(
        /^'[31]' .* stands for nothing; a time has a blank on either side$/,
      )
    },
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
