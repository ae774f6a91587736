import { merge, of, switchMap } from 'rxjs'
import { describe, it } from 'vitest'
import { connect } from '../src/peer/connect.js'
import type { PeerOptions } from '../src/peer/options.js'
import { corePolicy } from '../src/peer/policy.js'
import { type MarbleHelpers, marbles } from '../src/testing/marbles.js'
import { frameOf, scriptedRemote } from '../src/testing/scripted-remote.js'
import { hexToBytes } from '../src/wire/hex.js'
import type { Message } from '../src/wire/messages.js'
import { mainnet, type Network, regtest, simnet, testnet3 } from '../src/wire/network.js'
import { cast, commandsOf, failure, inDiagram, letterP, version } from './cast.js'

// Section 4.6 of the protocol notes: on regtest, from a remote on this machine, what cannot be read is dropped, if
// asked for. The handshake is over at 0 ms; x at 10 ms cannot be read, p at 20 ms is a ping.

const short = (name: string, hex: string, network: Network = regtest) =>
  frameOf({ command: 'unknown', name, payload: hexToBytes(hex) }, network)

function withByte(message: Message, offset: number, value: number): Uint8Array {
  const frame = frameOf(message).slice()
  frame[offset] = value
  return frame
}

const here = { host: '127.0.0.1', port: 18444 }
const shortPing = short('ping', '01020304')

interface Setup {
  readonly said?: string
  readonly x?: Message | Uint8Array
  readonly network?: Network
  readonly options?: PeerOptions
  readonly remote?: { readonly host: string; readonly port: number } | undefined
}

function scene(helpers: MarbleHelpers, setup: Setup = {}) {
  const {
    said = '(va) 6ms x 9ms p',
    network = regtest,
    options = {},
    x = short('ping', '01020304', network),
  } = setup
  const remote = scriptedRemote(helpers.hot<Message | Uint8Array>(said, { ...cast, x }), { network })
  const address = 'remote' in setup ? setup.remote : here
  const connection = { ...remote.connection, remote: address }
  const peer$ = connect(of(connection), inDiagram(helpers, { network, regtestLeniency: true, ...options }))
  return {
    remote,
    peer$,
    /** What is written and delivered after the handshake. */
    words$: peer$.pipe(switchMap(peer => merge(commandsOf(remote.sent$), commandsOf(peer.messages$)))),
  }
}

const words = { p: 'ping', o: 'pong', r: 'reject' }
const lives = '20ms (op)'
const rejected = '10ms (r#)'

describe('regtest leniency', () => {
  it.each([
    ['too short a payload', short('ping', '01020304')],
    ['too long a payload', short('ping', '010203040506070809')],
    ['a trailing byte', short('inv', '0000')],
    ['a bad checksum', withByte({ command: 'ping', nonce: 1n }, 20, 0)],
    ['a command that is not UTF-8', withByte({ command: 'ping', nonce: 1n }, 4, 0xff)],
    ['too many entries', short('inv', 'fd51c3')],
    ['a size in too long a form', short('inv', 'fd0000')],
  ])('%s is dropped: no reject, no end, and the next message is read', (_, x) => {
    marbles(helpers => {
      helpers.expectObservable(scene(helpers, { x }).words$, '^ 29ms !').toBe(lives, words)
    })()
  })

  it(
    'also under core, where too many entries disconnect',
    marbles(helpers => {
      const x = short('inv', 'fd51c3')
      const under = (regtestLeniency: boolean) =>
        scene(helpers, { x, options: { policy: corePolicy, regtestLeniency } }).words$
      helpers.expectObservable(under(true), '^ 29ms !').toBe(lives, words)
      helpers.expectObservable(under(false)).toBe('10ms #', {}, failure('too-many'))
    }),
  )

  it(
    'is an option that is off by default',
    marbles(helpers => {
      const off = (options: PeerOptions) => scene(helpers, { options }).words$
      helpers.expectObservable(off({ regtestLeniency: false })).toBe(rejected, words, failure('truncated'))
      helpers
        .expectObservable(off({ regtestLeniency: undefined }))
        .toBe(rejected, words, failure('truncated'))
    }),
  )

  it.each([
    ['mainnet', mainnet],
    ['testnet3', testnet3],
    ['simnet', simnet],
  ])('is for regtest only, not %s', (_, network) => {
    marbles(helpers => {
      helpers.expectObservable(scene(helpers, { network }).words$).toBe(rejected, words, failure('truncated'))
    })()
  })

  it(
    'goes by the magic: a network of your own with the magic of regtest is one',
    marbles(helpers => {
      const network: Network = { ...mainnet, magic: regtest.magic.slice() }
      helpers.expectObservable(scene(helpers, { network }).words$, '^ 29ms !').toBe(lives, words)
    }),
  )

  it.each([
    ['127.0.0.1', true],
    ['localhost', true],
    ['::1', false],
    ['127.0.0.2', false],
    ['0.0.0.0', false],
    ['192.168.0.1', false],
  ])('a remote at %s: %s', (host, lenient) => {
    marbles(helpers => {
      const { words$ } = scene(helpers, { remote: { host, port: 18444 } })
      if (lenient) helpers.expectObservable(words$, '^ 29ms !').toBe(lives, words)
      else helpers.expectObservable(words$).toBe(rejected, words, failure('truncated'))
    })()
  })

  it(
    'not for a remote whose address nobody knows',
    marbles(helpers => {
      helpers
        .expectObservable(scene(helpers, { remote: undefined }).words$)
        .toBe(rejected, words, failure('truncated'))
    }),
  )

  it.each([
    ['version', '---x'],
    ['verack', '-v-x'],
  ])('begins after the handshake: not at the %s', (command, said) => {
    marbles(helpers => {
      const x = command === 'version' ? short('version', '00') : short('verack', '00')
      const code = command === 'version' ? 'truncated' : 'oversized-payload'
      const { remote, peer$ } = scene(helpers, { said, x })
      helpers.expectObservable(letterP(peer$)).toBe('---#', {}, failure(code))
      helpers.expectObservable(remote.ended$).toBe('---(e|)', { e: 'close' })
    })()
  })

  it.each<[string, string, Message | Uint8Array]>([
    ['a wrong magic', 'wrong-magic', withByte({ command: 'ping', nonce: 1n }, 0, 0)],
    ['a length of 4,000,001', 'oversized-frame', withByte({ command: 'ping', nonce: 1n }, 18, 0x3e)],
  ])('does not forgive %s: the stream is out of step', (_, code, x) => {
    marbles(helpers => {
      const { words$ } = scene(helpers, { x })
      helpers.expectObservable(words$).toBe('10ms #', {}, failure(code))
    })()
  })

  it.each<[string, string, string, Message]>([
    ['a second version', 'duplicate-version', rejected, version()],
    ['a late sendaddrv2', 'late-sendaddrv2', '10ms #', { command: 'sendaddrv2' }],
    ['mempool without NODE_BLOOM', 'bloom-not-offered', '10ms #', { command: 'mempool' }],
  ])('does not forgive what can be read but must not come: %s', (_, code, heard, x) => {
    marbles(helpers => {
      helpers.expectObservable(scene(helpers, { x }).words$).toBe(heard, words, failure(code))
    })()
  })

  it(
    'what was dropped is a sign of life: the idle time begins anew',
    marbles(helpers => {
      const { remote, peer$ } = scene(helpers, {
        said: '(va) 299995ms x',
        x: shortPing,
        options: { behaviors: { keepAlive: false } },
      })
      helpers.expectObservable(remote.ended$).toBe('599999ms (e|)', { e: 'close' })
      helpers.expectObservable(letterP(peer$)).toBe('P 599998ms #', { P: 'P' }, failure('idle-timeout'))
    }),
  )

  it(
    'any number of them is dropped, and unsubscribing ends the peer as ever',
    marbles(helpers => {
      const { remote, words$ } = scene(helpers, { said: '(va) 6ms (xxx)(pxp)' })
      helpers.expectObservable(words$, '^ 29ms !').toBe('15ms (opop)', words)
      helpers.expectObservable(remote.ended$).toBe('30ms (e|)', { e: 'close' })
    }),
  )
})
