import { config, EMPTY, finalize, Observable, Subject } from 'rxjs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { accept } from '../../src/peer/accept.js'
import { acceptEach } from '../../src/peer/accept-each.js'
import { closeCodes, PeerError } from '../../src/peer/close.js'
import { connect } from '../../src/peer/connect.js'
import { consume } from '../../src/peer/consume.js'
import { channelOf } from '../../src/peer/face.js'
import { createNonces } from '../../src/peer/nonces.js'
import type { Peer } from '../../src/peer/peer.js'
import { btcdPolicy, corePolicy } from '../../src/peer/policy.js'
import type { Connection, Dial } from '../../src/stream/connection.js'
import { createMemoryBudget } from '../../src/stream/ledger.js'
import { type ScriptedRemote, scriptedRemote } from '../../src/testing/scripted-remote.js'
import { seededRandom } from '../../src/testing/seeded-random.js'
import { virtualTime } from '../../src/testing/virtual-time.js'
import type { Message } from '../../src/wire/messages.js'
import { regtest } from '../../src/wire/network.js'
import { remoteVersion } from '../support/conversation.js'
import { Dice } from '../support/dice.js'
import { Bug, failingConnection, failingDial, failingOptions } from '../support/failing.js'
import { said } from '../support/sayings.js'

// Random lives of real peers whose every callback may throw, beside one that has done nothing wrong.

/** Some 60,000 steps; more than a million where RXPEER_LONG is set. */
const LIVES = process.env['RXPEER_LONG'] === undefined ? 1_500 : 40_000

const unhandled: unknown[] = []
beforeAll(() => {
  config.onUnhandledError = error => unhandled.push(error)
})
afterAll(() => {
  config.onUnhandledError = null
})

/** What RxJS has reported, but for handlers of users: what they throw is theirs. */
async function reported(): Promise<unknown[]> {
  await new Promise(resolve => setTimeout(resolve, 0))
  return unhandled.filter(error => !(error instanceof Bug && error.message === 'handler'))
}

const time = virtualTime()
const { scheduler, clock } = time
const common = { network: regtest, scheduler, clock } as const

/** Somebody who must not notice anything. */
function bystander() {
  const words = new Subject<Message | Uint8Array>()
  const remote = scriptedRemote(words, { handshake: { version: remoteVersion(), direction: 'inbound' } })
  const pongs: bigint[] = []
  const log: string[] = []
  remote.sent$.subscribe(message => message.command === 'pong' && pongs.push(message.nonce))
  accept(remote.connection, {
    ...common,
    nonces: createNonces(),
    behaviors: { idle: false, keepAlive: false },
  }).subscribe({
    next: () => log.push('peer'),
    error: error => log.push(`error ${error}`),
    complete: () => log.push('complete'),
  })
  let asked = 0n
  return () => {
    asked += 1n
    words.next({ command: 'ping', nonce: asked })
    return log.join() === 'peer' && pongs.at(-1) === asked
  }
}

const thrown = new Set<string>()
/** All that has to have thrown. */
const callbacks = `
acceptVersion, newestBlock, traffic, random, initial, a refusal, dial, dial.teardown, finalizer, handler
nonces.add, nonces.has, nonces.delete, clock.monotonic, clock.epoch
scheduler.now, scheduler.schedule, timer.unsubscribe
behavior, behavior.subscribe, behavior.next, behavior.timer, behavior.teardown
iterable[Symbol.iterator], iterable.next, iterable.return
connection.write, connection.pause, connection.resume, connection.close, connection.abort
connection.bytes$, connection.bytes$ teardown
project, project teardown, question.take, question.ended
`
  .trim()
  .split(/, |\n/)
/** What is called so seldom that it fails more often. */
const seldom: ReadonlySet<string> = new Set(['connection.pause', 'connection.resume', 'project teardown'])
const names = Object.keys(said)

/** One life: what came of it, as one word an event. */
class Life {
  readonly log: string[] = []
  readonly ends: unknown[] = []
  readonly #dice: Dice
  readonly #chance: number
  readonly #said = new Subject<Message | Uint8Array>()
  readonly #remote: ScriptedRemote
  readonly #taken: (() => void)[] = []
  readonly #thrown: string[] = []
  #peer: Peer | undefined
  #releases: (() => void)[] = []
  #stopHandling = () => {}
  #over = false
  #calm = false
  #given = false

  constructor(dice: Dice) {
    this.#dice = dice
    this.#chance = dice.of([5, 20, 100, 500])
    const late = dice.below(2) === 0
    this.#remote = scriptedRemote(this.#said, {
      ...(late && { taking: (written: () => void) => this.#taken.push(written) }),
    })
    this.#remote.ended$.subscribe(how => this.ends.push(how))
  }

  /** Steps that it may take: who fails seldom lives longer. */
  get length(): number {
    return 20 + this.#chance / 2
  }

  readonly fails = (where: string): void => {
    const chance = seldom.has(where) ? 5 : this.#chance
    if (this.#calm || this.#dice.below(chance) > 0) return
    this.#thrown.push(where)
    thrown.add(where)
    throw new Bug(where)
  }

  /** Its connection, which is in the hands of the library from now on. */
  get accepted(): Connection {
    this.#given = true
    return failingConnection(this.#remote.connection, this.fails)
  }

  get dial(): Dial {
    return failingDial(() => this.accepted, this.fails)
  }

  /** Whether there was a socket that can be left open: one that cannot be closed at all is. */
  get closable(): boolean {
    return this.#given && !(this.#threw('connection.close') && this.#threw('connection.abort'))
  }

  #threw(where: string): boolean {
    return this.#thrown.includes(where)
  }

  get options() {
    const base = { scheduler, clock, random: seededRandom(1), nonces: createNonces() }
    return {
      network: regtest,
      policy: this.#dice.of([btcdPolicy, corePolicy]),
      ...failingOptions(base, this.fails),
      ...(this.#dice.below(2) === 0 && { memoryBudget: createMemoryBudget(6_000) }),
    }
  }

  readonly next = (peer: Peer): void => {
    this.log.push('peer')
    this.#peer = peer
    const failing = <T>() => finalize<T>(() => this.fails('finalizer'))
    peer.closed$.pipe(failing()).subscribe(({ code }) => this.log.push(`closed ${code}`))
    peer.on('ping').pipe(failing()).subscribe()
    peer.messages$.subscribe({
      next: () => this.fails('handler'),
      complete: () => this.log.push('streams complete'),
    })
    const handling = peer
      .on('ping')
      .pipe(consume(peer, () => this.#handle()))
      .subscribe({ error: () => {} })
    this.#stopHandling = () => {
      try {
        handling.unsubscribe()
      } catch {
        // What its own teardown throws comes to who unsubscribes.
      }
    }
    channelOf(peer).ask({
      take: () => {
        this.fails('question.take')
        return 'passed'
      },
      ended: () => this.fails('question.ended'),
    })
  }

  readonly error = (error: unknown): void => {
    this.#over = true
    const typed = error instanceof PeerError && error.code in closeCodes
    this.log.push(typed ? `error ${error.code}` : `untyped ${error}`)
  }

  readonly complete = (): void => {
    this.#over = true
    this.log.push('complete')
  }

  /** What happened, for people. */
  get story(): string {
    return `${this.log.join(', ')}; thrown: ${this.#thrown.join(', ')}`
  }

  get over(): boolean {
    return this.#over
  }

  /** From now on nothing fails any more: what has to end can. */
  calm(): void {
    this.#calm = true
  }

  shakeHands(): void {
    for (const message of [remoteVersion(), { command: 'verack' } as const]) this.#said.next(message)
  }

  #handle() {
    this.fails('project')
    if (this.#dice.below(3) > 0) return EMPTY
    return new Observable<never>(subscriber => {
      let over = false
      this.#releases.push(() => {
        over = true
        subscriber.complete()
      })
      return () => over || this.fails('project teardown')
    })
  }

  step(): void {
    const roll = this.#dice.below(100)
    if (roll < 5) for (let n = 0; n < 20; n += 1) this.#say()
    else if (roll < 45) this.#say()
    else if (roll < 60) time.advance(this.#dice.of([0, 1, 500, 3_000, 30_000, 400_000]))
    else if (roll < 65) this.#taken.shift()?.()
    else if (roll < 75) for (let take = this.#taken.shift(); take; take = this.#taken.shift()) take()
    else if (roll < 95) this.#user()
    else if (roll < 97) this.#said.complete()
    else if (roll < 98) this.#said.error(new Error('a wire was cut'))
  }

  #say(): void {
    const name = this.#dice.of(names)
    const message = this.#dice.below(8) === 0 ? said[name] : said['ping']
    if (message !== undefined) this.#said.next(message)
  }

  #release(): void {
    const releases = this.#releases
    this.#releases = []
    for (const release of releases) release()
  }

  /** What a user does, who bears what is thrown at the call. */
  #user(): void {
    const peer = this.#peer
    if (peer === undefined) return
    const deeds = [
      () =>
        peer
          .send({ command: 'getaddr' })
          .pipe(finalize(() => this.fails('finalizer')))
          .subscribe(),
      () => peer.send({ command: 'getblocks', version: 1, locator: [], stop: new Uint8Array(32) }),
      () => peer.announce({ txid: new Uint8Array(32), wtxid: new Uint8Array(32) }),
      () => this.#releases.push(peer.hold(this.#dice.of([1, 3_000, 6_000]))),
      () => this.#releases.shift()?.(),
      () => this.#release(),
      () => this.#stopHandling(),
      () => peer.stats(),
      () => peer.outbound.next({ command: 'getaddr' }),
      () => this.#dice.below(20) === 0 && peer.disconnect(),
    ]
    this.#dice.of(deeds)()
  }
}

/** Lives it to its end, and says what is wrong with it. */
function live(life: Life, dice: Dice, unsubscribe: () => void): string | undefined {
  if (dice.below(10) > 0) life.shakeHands()
  for (let n = dice.below(life.length); n > 0; n -= 1) life.step()
  life.calm()
  // Whoever unsubscribes hears no more.
  const heard = life.over ? 1 : 0
  if (!life.over) unsubscribe()
  time.advance(2_000_000)
  const ends = life.log.filter(word => /^(error|complete|untyped)/.test(word))
  if (ends.some(word => word.startsWith('untyped'))) return 'an untyped end'
  if (ends.length !== heard) return `${ends.length} ends, not ${heard}`
  if (life.log.includes('peer')) {
    if (life.log.filter(word => word.startsWith('closed')).length !== 1) return 'not one reason'
    if (life.log.filter(word => word === 'streams complete').length !== 1)
      return 'streams that do not complete'
  }
  if (life.ends.length !== 1 && life.closable) return 'an open socket'
  return undefined
}

describe('peers whose callbacks throw', () => {
  it('end with a typed reason, once, and nobody else does', { timeout: 1_800_000 }, async () => {
    const unharmed = bystander()
    const timers = time.pending
    const seen = new Set<string>()
    for (let seed = 1; seed <= LIVES; seed += 1) {
      const dice = new Dice(seed)
      const life = new Life(dice)
      const peer$ =
        dice.below(2) === 0 ? connect(life.dial, life.options) : accept(life.accepted, life.options)
      const subscription = peer$.subscribe(life)
      const wrong = live(life, dice, () => subscription.unsubscribe())
      if (wrong !== undefined) throw new Error(`${wrong} in life ${seed}: ${life.story}`)
      if (!unharmed()) throw new Error(`the bystander was harmed by life ${seed}: ${life.story}`)
      if (time.pending !== timers) throw new Error(`timers are left of life ${seed}: ${life.story}`)
      for (const word of life.log) seen.add(word.replace(/^(error|closed) /, ''))
    }
    expect(await reported()).toEqual([])
    // The lives went everywhere.
    expect(callbacks.filter(name => !thrown.has(name)).join()).toBe('')
    const codes = ['callback-failed', 'behavior-failed', 'send-stalled', 'memory-exceeded', 'remote-closed']
    expect(codes.filter(code => !seen.has(code))).toEqual([])
  })

  it('do not end their listener', { timeout: 1_800_000 }, async () => {
    const connections = new Subject<Connection>()
    const dice = new Dice(7)
    const log: string[] = []
    const lives: Life[] = []
    let current = new Life(dice)
    const options = {
      ...current.options,
      failed: (error: PeerError) => {
        current.fails('failed')
        log.push(error.code)
      },
      rate: 1_000,
    }
    const subscription = connections.pipe(acceptEach(options)).subscribe({
      next: peer => current.next(peer),
      error: error => log.push(`error ${error}`),
      complete: () => log.push('complete'),
    })
    for (let n = 0; n < LIVES / 10; n += 1) {
      current = new Life(dice)
      lives.push(current)
      connections.next(current.accepted)
      current.shakeHands()
      for (let steps = dice.below(10); steps > 0; steps -= 1) current.step()
    }
    expect(log.filter(word => word === 'complete' || word.startsWith('error'))).toEqual([])
    for (const life of lives) life.calm()
    subscription.unsubscribe()
    expect(await reported()).toEqual([])
    expect(log.length).toBeGreaterThan(10)
  })
})
