import { config, map, Observable, of } from 'rxjs'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Behavior } from '../../src/behaviors/behavior.js'
import { accept } from '../../src/peer/accept.js'
import { PeerError } from '../../src/peer/close.js'
import { connect } from '../../src/peer/connect.js'
import { createNonces } from '../../src/peer/nonces.js'
import type { PeerOptions } from '../../src/peer/options.js'
import type { Peer } from '../../src/peer/peer.js'
import { pingOnce } from '../../src/requests/ping-once.js'
import { RequestError } from '../../src/requests/request-error.js'
import type { Connection } from '../../src/stream/connection.js'
import { buildTransaction } from '../../src/testing/build.js'
import { seededRandom } from '../../src/testing/seeded-random.js'
import { virtualTime } from '../../src/testing/virtual-time.js'
import type { Message } from '../../src/wire/messages.js'
import { regtest } from '../../src/wire/network.js'
import { remoteVersion } from '../support/conversation.js'
import { PlayedRemote } from '../support/played-remote.js'

/** What a callback throws. */
class Blown extends Error {}

/** A callback that throws at one of its calls, or from one of them on. */
interface Fuse {
  readonly name: string
  readonly at: number
  readonly stays: boolean
}

/** Counts the calls of each callback, and lets one of them throw. */
class Fuses {
  readonly calls = new Map<string, number>()
  readonly #fuse: Fuse | undefined

  constructor(fuse?: Fuse) {
    this.#fuse = fuse
  }

  /** The same function, with a fuse. */
  wire<A extends readonly unknown[], R>(name: string, work: (...given: A) => R): (...given: A) => R {
    return (...given) => {
      this.touch(name)
      return work(...given)
    }
  }

  touch(name: string): void {
    const count = (this.calls.get(name) ?? 0) + 1
    this.calls.set(name, count)
    const fuse = this.#fuse
    if (fuse?.name !== name || (fuse.stays ? count < fuse.at : count !== fuse.at)) return
    throw new Blown(`${name}, call ${count}`)
  }
}

/** What RxJS tells as unhandled, later and of its own accord. */
const unhandled: unknown[] = []
const before = config.onUnhandledError

beforeAll(() => {
  config.onUnhandledError = error => unhandled.push(error)
})
beforeEach(() => {
  unhandled.length = 0
})
afterAll(() => {
  config.onUnhandledError = before
})

/** Whether an error says neither what was thrown nor that a request has ended. */
const isForeign = (error: unknown) => !(error instanceof Blown || error instanceof RequestError)

const served: Message = { command: 'unknown', name: 'served', payload: new Uint8Array(2_000) }

function wiredConnection(connection: Connection, fuses: Fuses): Connection {
  return {
    ...connection,
    bytes$: new Observable(subscriber => connection.bytes$.subscribe(subscriber)),
    write: fuses.wire('connection.write', connection.write),
    pause: fuses.wire('connection.pause', connection.pause),
    resume: fuses.wire('connection.resume', connection.resume),
    close: fuses.wire('connection.close', connection.close),
    abort: fuses.wire('connection.abort', connection.abort),
  }
}

/** A life with all that calls a callback: what of it escaped, and how it ended. */
function live(direction: 'inbound' | 'outbound', fuses: Fuses) {
  const time = virtualTime()
  const { scheduler } = time
  const random = seededRandom(1)
  const nonces = createNonces()
  const remote = new PlayedRemote()
  const log: string[] = []
  const escaped: unknown[] = []
  const owner: unknown[] = []
  let now = 0
  const serve: Behavior = context => {
    fuses.touch('behavior')
    return context.on('getaddr').pipe(
      map(() => {
        fuses.touch('behavior.map')
        return {
          *[Symbol.iterator]() {
            try {
              for (let i = 0; i < 4; i += 1) {
                fuses.touch('behavior.next')
                yield served
              }
            } finally {
              fuses.touch('behavior.return')
            }
          },
        }
      }),
    )
  }
  const options: PeerOptions = {
    network: regtest,
    scheduler,
    clock: {
      monotonic: fuses.wire('clock.monotonic', () => {
        now += 1
        return time.now + now
      }),
      epoch: fuses.wire('clock.epoch', () => time.clock.epoch()),
    },
    random: { bytes: fuses.wire('random', size => random.bytes(size)) },
    nonces: {
      add: fuses.wire('nonces.add', nonce => nonces.add(nonce)),
      has: fuses.wire('nonces.has', nonce => nonces.has(nonce)),
      delete: fuses.wire('nonces.delete', nonce => nonces.delete(nonce)),
    },
    newestBlock: fuses.wire('newestBlock', () => ({ height: 0, hash: regtest.genesis.hash })),
    acceptVersion: fuses.wire('acceptVersion', () => undefined),
    traffic: { next: fuses.wire('traffic', () => {}) },
    trickleTiming: 'poisson',
    memoryLimit: 20_000,
    sendTimeout: 50_000,
    behaviors: { serve },
    initial: [{ command: 'sendheaders' }],
  }
  /** Nothing may come out here: the caller is a socket, or a timer. */
  const outside = (act: () => void) => {
    try {
      act()
    } catch (error) {
      escaped.push(error)
    }
  }
  /** Whoever calls has an own error, if any. */
  const user = (act: (peer: Peer) => void) => {
    if (peer === undefined) return
    try {
      act(peer)
    } catch (error) {
      owner.push(error)
    }
  }
  const say = (...messages: readonly Message[]) => {
    for (const message of messages) remote.say(message)
    outside(() => remote.speak())
  }
  const pass = (ms: number) => outside(() => time.advance(ms))

  let peer: Peer | undefined
  const connection = wiredConnection(remote.connection, fuses)
  const peer$ = direction === 'inbound' ? accept(connection, options) : connect(of(connection), options)
  const subscription = peer$.subscribe({
    next: value => {
      peer = value
      log.push('peer')
    },
    complete: () => log.push('complete'),
    error: (error: unknown) => log.push(error instanceof PeerError ? `error ${error.code}` : `raw ${error}`),
  })
  say(remoteVersion(), { command: 'verack' })
  pass(0)
  user(one => one.messages$.subscribe())
  say({ command: 'ping', nonce: 1n }, { command: 'getaddr' })
  user(one => one.send({ command: 'getaddr' }).subscribe())
  user(one => pingOnce(one, { timeout: 1_000 }).subscribe({ error: error => owner.push(error) }))
  user(one => one.announce(buildTransaction()))
  pass(2_000)
  let release = () => {}
  user(one => {
    release = one.hold(20_000)
  })
  // More than may wait: reading waits too.
  say(...Array.from({ length: 12 }, () => ({ ...served, name: 'mystery' })))
  pass(2_000)
  user(() => release())
  pass(0)
  // More than is read: answers wait, and then questions.
  remote.taking = 'bit by bit'
  say(...Array.from({ length: 12 }, () => ({ command: 'getaddr' }) as const))
  pass(2_000)
  outside(() => remote.take(4))
  pass(1_000)
  remote.taking = 'at once'
  outside(() => remote.take(Number.POSITIVE_INFINITY))
  pass(130_000)
  remote.taking = 'bit by bit'
  user(one => one.send(served))
  outside(() => remote.eof())
  user(one => one.disconnect())
  outside(() => subscription.unsubscribe())
  pass(400_000)
  return { log, escaped, owner, pending: time.pending }
}

/** Calls of one callback that are tried; of those that are called more often, some. */
const TRIED = 120

const names = [
  'acceptVersion',
  'behavior',
  'behavior.map',
  'behavior.next',
  'behavior.return',
  'clock.epoch',
  'clock.monotonic',
  'connection.abort',
  'connection.pause',
  'connection.resume',
  'connection.write',
  'newestBlock',
  'random',
  'traffic',
]

describe.each([
  ['outbound', [...names, 'nonces.add', 'nonces.delete']],
  ['inbound', [...names, 'nonces.has']],
] as const)('%s: a callback that throws', (direction, wired) => {
  const all = new Fuses()
  const whole = live(direction, all)

  it('is one of those that a whole life calls', () => {
    expect(whole).toMatchObject({ log: ['peer', 'error remote-closed'], escaped: [], pending: 0 })
    expect([...all.calls.keys()].sort()).toEqual([...wired].sort())
  })

  describe.each([...all.calls])('%s', (name, calls) => {
    it.each([
      ['at one of its calls', false],
      ['from one of its calls on', true],
    ])('%s: the peer ends with a code, leaves no timer, and nobody else hears of it', async (_, stays) => {
      for (let at = 1; at <= calls; at += Math.ceil(calls / TRIED)) {
        const { log, escaped, owner, pending } = live(direction, new Fuses({ name, at, stays }))
        const ends = log.filter(line => line !== 'peer')
        const place = `${name}, call ${at} of ${calls}`
        expect({ place, escaped: escaped.map(String), pending }).toEqual({ place, escaped: [], pending: 0 })
        expect({ place, ends }).toEqual({
          place,
          ends: [expect.stringMatching(/^(complete|error [a-z-]+)$/)],
        })
        expect({ place, owner: owner.filter(isForeign) }).toEqual({ place, owner: [] })
      }
      await new Promise(resolve => setTimeout(resolve, 0))
      expect(unhandled.map(String)).toEqual([])
    })
  })
})
