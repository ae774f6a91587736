import { merge, switchMap } from 'rxjs'
import { describe, it } from 'vitest'
import type { PeerOptions } from '../src/peer/options.js'
import { type Action, btcdPolicy, corePolicy, type Policy, type Violation } from '../src/peer/policy.js'
import { type MarbleHelpers, marbles } from '../src/testing/marbles.js'
import type { Message } from '../src/wire/messages.js'
import { Services } from '../src/wire/services.js'
import { commandsOf, failure, inbound, letterP, outbound, version } from './cast.js'

// What may not come after the handshake although its bytes are right: messages for nodes with NODE_BLOOM (BIP111,
// section 4.9 of the protocol notes), and messages of the handshake. The handshake is over at 0 ms; b is the message in
// question at 10 ms, p a ping at 20 ms that shows whether the peer lives on.

const bloomMessages: readonly Message[] = [
  { command: 'filterload', filter: Uint8Array.of(1), hashFunctions: 1, tweak: 0, flags: 0 },
  { command: 'filteradd', data: Uint8Array.of(1) },
  { command: 'filterclear' },
  { command: 'mempool' },
]
const bloomRows = bloomMessages.map(message => [message.command, message] as const)
const allButBloom = 0xffff_ffff_ffff_ffffn & ~Services.bloom

const changed = (policy: Policy, rows: Partial<Record<Violation, Action>>): Policy => ({
  ...policy,
  actions: { ...policy.actions, ...rows },
})

/** What is delivered and written after the handshake, as words, and how `connect` or `accept` ends. */
function after(
  helpers: MarbleHelpers,
  message: Message,
  options: PeerOptions,
  protocolVersion = 70_016,
  scene: typeof outbound | typeof inbound = outbound,
) {
  const { remote, peer$ } = scene(helpers, '(va) 6ms b 9ms p', options, {
    v: version({ protocolVersion }),
    b: message,
  })
  return {
    remote,
    ends$: letterP(peer$),
    words$: peer$.pipe(
      switchMap(peer =>
        merge(commandsOf(remote.sent$), commandsOf(peer.messages$), commandsOf(peer.on(message.command))),
      ),
    ),
  }
}

const words = { p: 'ping', o: 'pong', r: 'reject' }

describe.each([
  ['outbound', outbound],
  ['inbound', inbound],
] as const)('bloom messages without NODE_BLOOM in our services, %s', (_, scene) => {
  it.each(bloomRows)('%s at 70011 disconnects without a reject and is not delivered', (_name, message) => {
    marbles(helpers => {
      for (const policy of [btcdPolicy, corePolicy]) {
        const heard = after(helpers, message, { policy, services: allButBloom }, 70_011, scene)
        const end = after(helpers, message, { policy, services: allButBloom }, 70_011, scene)
        helpers.expectObservable(heard.words$).toBe('10ms #', {}, failure('bloom-not-offered'))
        helpers.expectObservable(end.remote.ended$).toBe('10ms (e|)', { e: 'close' })
        helpers.expectObservable(end.ends$).toBe('P 9ms #', { P: 'P' }, failure('bloom-not-offered'))
      }
    })()
  })

  it.each(bloomRows)('%s at 70010 is not delivered, and the peer stays', (_name, message) => {
    marbles(helpers => {
      const { words$ } = after(helpers, message, { services: allButBloom }, 70_010, scene)
      helpers.expectObservable(words$, '^ 29ms !').toBe('20ms (op)', words)
    })()
  })

  it.each([
    ['core', corePolicy],
    ['btcd with this one row changed', changed(btcdPolicy, { 'bloom-not-offered-old': 'disconnect' })],
  ])('at 70010 under %s each of them disconnects', (_name, policy) => {
    marbles(helpers => {
      for (const message of bloomMessages) {
        const { words$ } = after(helpers, message, { policy, services: allButBloom }, 70_010, scene)
        helpers.expectObservable(words$).toBe('10ms #', {}, failure('bloom-not-offered-old'))
      }
    })()
  })
})

describe('bloom messages', () => {
  it.each(bloomRows)('%s is delivered where our services have NODE_BLOOM', (command, message) => {
    marbles(helpers => {
      for (const protocolVersion of [70_010, 70_011, 70_016]) {
        const options = { services: Services.bloom | Services.network }
        const { words$ } = after(helpers, message, options, protocolVersion)
        helpers.expectObservable(words$, '^ 29ms !').toBe('10ms (bb) 6ms (op)', { ...words, b: command })
      }
    })()
  })

  it(
    'what counts is our services, not those of the remote',
    marbles(helpers => {
      const { words$ } = after(helpers, { command: 'mempool' }, { services: 0n })
      helpers.expectObservable(words$).toBe('10ms #', {}, failure('bloom-not-offered'))
    }),
  )

  it(
    'our own maximum decides over the version as well',
    marbles(helpers => {
      const { words$ } = after(helpers, { command: 'mempool' }, { protocolVersion: 70_010 })
      helpers.expectObservable(words$, '^ 29ms !').toBe('20ms (op)', words)
    }),
  )

  it(
    'with the row 70011 as "drop" the peer stays, as "ignore" the message is delivered, as "reject" it is told',
    marbles(helpers => {
      const under = (action: Action) =>
        after(
          helpers,
          { command: 'mempool' },
          { policy: changed(btcdPolicy, { 'bloom-not-offered': action }) },
        ).words$
      helpers.expectObservable(under('drop'), '^ 29ms !').toBe('20ms (op)', words)
      helpers
        .expectObservable(under('ignore'), '^ 29ms !')
        .toBe('10ms (bb) 6ms (op)', { ...words, b: 'mempool' })
      helpers.expectObservable(under('reject')).toBe('10ms (r#)', words, failure('bloom-not-offered'))
    }),
  )
})

describe('messages of the handshake that come late', () => {
  const late: readonly (readonly [string, Message, Violation, boolean])[] = [
    ['HV7', version(), 'duplicate-version', true],
    ['HV8', { command: 'verack' }, 'duplicate-verack', true],
    ['HV9', { command: 'sendaddrv2' }, 'late-sendaddrv2', false],
    ['HV10', { command: 'wtxidrelay' }, 'late-wtxidrelay', false],
  ]

  it.each(late)('%s closes at once under btcd, and is not delivered', (_, message, code, rejected) => {
    marbles(helpers => {
      const { words$ } = after(helpers, message, {})
      helpers.expectObservable(words$).toBe(rejected ? '10ms (r#)' : '10ms #', words, failure(code))
    })()
  })

  it.each(late)(
    '%s under core: a repeat is dropped, a late feature disconnects',
    (_, message, code, repeat) => {
      marbles(helpers => {
        const { words$ } = after(helpers, message, { policy: corePolicy })
        if (repeat) helpers.expectObservable(words$, '^ 29ms !').toBe('20ms (op)', words)
        else helpers.expectObservable(words$).toBe('10ms #', {}, failure(code))
      })()
    },
  )

  it.each(late)('%s is delivered where the policy ignores it', (_, message, code) => {
    marbles(helpers => {
      const { words$ } = after(helpers, message, { policy: changed(btcdPolicy, { [code]: 'ignore' }) })
      helpers
        .expectObservable(words$, '^ 29ms !')
        .toBe('10ms (bb) 6ms (op)', { ...words, b: message.command })
    })()
  })

  it(
    'sendtxrcncl, which we do not speak, is delivered like any other message',
    marbles(helpers => {
      const { words$ } = after(helpers, { command: 'sendtxrcncl', version: 1, salt: 0n }, {})
      helpers.expectObservable(words$, '^ 29ms !').toBe('10ms (bb) 6ms (op)', { ...words, b: 'sendtxrcncl' })
    }),
  )
})
