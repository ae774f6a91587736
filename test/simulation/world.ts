import { type Observable, of, Subscription } from 'rxjs'
import { accept } from '../../src/peer/accept.js'
import { PeerError } from '../../src/peer/close.js'
import { connect } from '../../src/peer/connect.js'
import { createNonces } from '../../src/peer/nonces.js'
import type { PeerOptions } from '../../src/peer/options.js'
import type { Peer } from '../../src/peer/peer.js'
import { RequestError } from '../../src/requests/request-error.js'
import type { Clock } from '../../src/stream/environment.js'
import { createMemoryBudget } from '../../src/stream/ledger.js'
import { seededRandom } from '../../src/testing/seeded-random.js'
import { type VirtualTime, virtualTime } from '../../src/testing/virtual-time.js'
import type { Message } from '../../src/wire/messages.js'
import { regtest } from '../../src/wire/network.js'
import { remoteVersion } from '../support/conversation.js'
import type { Pick } from '../support/mutate.js'
import { PlayedRemote } from '../support/played-remote.js'
import { behaviorsOf } from './habits.js'

/** What callbacks of the simulated user throw. */
export class Thrown extends Error {}

/** Something that was asked or sent, and has to settle. */
interface Open {
  readonly name: string
  settled: boolean
  readonly subscription: Subscription
}

/** Ticks of a number that is in a message, to tell it again. */
export type Tag = number

/** One peer, its remote, its user, and all that happened; everything follows from the dice. */
export class World {
  readonly time: VirtualTime = virtualTime()
  readonly remote = new PlayedRemote()
  readonly log: string[] = []
  /** What should not have been. */
  readonly faults: string[] = []
  readonly holds: (() => void)[] = []
  /** What the user does with messages that takes time. */
  readonly handlers: Subscription[] = []
  peer: Peer | undefined
  /** Whether `connect` or `accept` has told the end. */
  over = false
  /** The dice of the move that is made. */
  pick: Pick
  /** How much of what the peer has written the remote has looked at. */
  answered = 0
  readonly #open: Open[] = []
  readonly #connection: Subscription
  readonly #limits: { readonly memory: number; readonly send: number }
  /** What the remote has to hear in answer to what it asked, in order. */
  readonly #expected: string[] = []
  #heard = 0
  #work: number
  #worked = 0
  #said = 0
  #delivered = 0
  #sent = 0
  #arrived = 0
  readonly #serves: boolean
  #disconnected = false
  #closed = 0

  constructor(seed: number, pick: Pick) {
    this.pick = pick
    // Work takes time in some worlds: then a peer lets others have their turn.
    this.#work = [0, 0, 0.7, 3][pick(4)] ?? 0
    this.#limits = {
      memory: [40_000, 200_000, 20_000_000][pick(3)] ?? 0,
      send: [3_000, 100_000, 64_000_000][pick(3)] ?? 0,
    }
    const throwing = pick(12)
    this.#serves = pick(3) > 0
    // Alone in it, it is the one that holds the most.
    const budget = pick(10) === 0 ? createMemoryBudget(30_000) : undefined
    const options: PeerOptions = {
      network: regtest,
      nonces: createNonces(),
      scheduler: this.time.scheduler,
      clock: this.#clock(),
      random: seededRandom(seed),
      memoryLimit: this.#limits.memory,
      sendQueueLimit: this.#limits.send,
      sendTimeout: 60_000,
      memoryBudget: budget,
      behaviors: this.#serves ? behaviorsOf(this) : {},
      traffic:
        throwing === 0
          ? { next: () => this.mayThrow('traffic') }
          : throwing < 4
            ? { next: () => {} }
            : undefined,
      newestBlock: () => {
        if (throwing === 1) this.mayThrow('newestBlock')
        return { height: 0, hash: regtest.genesis.hash }
      },
      acceptVersion: () => {
        if (throwing === 2) this.mayThrow('acceptVersion')
        return undefined
      },
    }
    const inbound = pick(2) === 0
    const { connection } = this.remote
    const peer$ = inbound ? accept(connection, options) : connect(of(connection), options)
    this.#connection = peer$.subscribe({
      next: peer => this.#meet(peer),
      complete: () => this.#told('complete'),
      error: (error: unknown) => {
        if (!(error instanceof PeerError)) this.fault(`connect failed with ${String(error)}`)
        else this.#told(`error ${error.code}`)
      },
    })
    this.remote.say(remoteVersion())
    if (pick(2) === 0) this.remote.say({ command: 'sendaddrv2' })
    this.remote.say({ command: 'verack' })
    this.remote.speak(pick)
    this.time.advance(0)
  }

  get live(): boolean {
    return this.peer !== undefined && !this.over
  }

  note(text: string): void {
    this.log.push(`${Math.round(this.time.now)} ${text}`)
  }

  fault(text: string): void {
    this.note(`FAULT ${text}`)
    this.faults.push(text)
  }

  /** Now and then. */
  mayThrow(where: string): void {
    if (this.pick(40) !== 0) return
    this.note(`${where} throws`)
    throw new Thrown(where)
  }

  /** The remote says something that nobody asked for, and that is known again when it is delivered. */
  tell(make: (tag: Tag) => Message): void {
    if (this.remote.gone !== undefined) return
    this.#said += 1
    const message = make(this.#said)
    if (message.command === 'ping') this.inquire(message, `pong ${this.#said}`)
    else this.remote.say(message)
  }

  /** The remote asks something that has to be answered by these commands, behind what it asked before. */
  inquire(message: Message, ...answers: readonly string[]): void {
    if (this.remote.gone !== undefined) return
    this.remote.say(message)
    if (this.#serves || message.command === 'ping') this.#expected.push(...answers)
  }

  /** The number of the next message of ours. */
  number(): Tag {
    this.#sent += 1
    return this.#sent
  }

  /** Something that has to settle, typed. */
  ask(name: string, source$: Observable<unknown>): void {
    const open: Open = { name, settled: false, subscription: new Subscription() }
    const settle = (how: string) => {
      if (open.settled) this.fault(`${name} settled twice`)
      open.settled = true
      this.note(`${name}: ${how}`)
    }
    this.#open.push(open)
    open.subscription.add(
      source$.subscribe({
        error: (error: unknown) => {
          if (!(error instanceof RequestError)) this.fault(`${name} failed with ${String(error)}`)
          settle(error instanceof RequestError ? error.code : 'error')
        },
        complete: () => settle('done'),
      }),
    )
  }

  /** Forgets something that was asked. */
  forget(): void {
    const open = this.#open.filter(({ settled }) => !settled)
    const one = open[this.pick(open.length)]
    if (one === undefined) return
    one.subscription.unsubscribe()
    one.settled = true
    this.note(`${one.name}: forgotten`)
  }

  disconnect(): void {
    this.#disconnected = true
    this.peer?.disconnect()
    this.note('disconnected')
  }

  unsubscribe(): void {
    this.#disconnected = true
    // Nobody is left to be told.
    this.over = true
    this.#connection.unsubscribe()
    this.note('unsubscribed')
  }

  /** What holds at any time. */
  check(): void {
    const { peer } = this
    if (peer === undefined) return
    const { memory } = peer.stats()
    for (const [account, bytes] of Object.entries(memory)) {
      if (bytes < 0) this.fault(`${account} is ${bytes}`)
    }
    this.#listen()
    if (memory.send > this.#limits.send) this.fault(`send is ${memory.send}`)
    if (this.over && memory.queue + memory.question + memory.reply + memory.send + memory.frame > 0) {
      this.fault(`after the end ${JSON.stringify(memory)}`)
    }
  }

  checkSettled(though: string): void {
    for (const { name, settled } of this.#open) if (!settled) this.fault(`${name} does not settle, ${though}`)
  }

  /** What holds when all is over. */
  checkEnd(): void {
    this.checkSettled('though the peer has ended')
    if (this.peer !== undefined && this.#closed !== 1) this.fault(`closed$ emitted ${this.#closed} times`)
    if (this.time.pending > 0) this.fault(`${this.time.pending} timers are left`)
    const memory = this.peer?.stats().memory
    if (memory !== undefined && Object.values(memory).some(bytes => bytes !== 0)) {
      this.fault(`held in the end: ${JSON.stringify(memory)}`)
    }
    if (this.remote.ended === undefined) this.fault('the connection is open')
  }

  /** What holds where a peer lives on, and everything was answered, taken and let go. */
  checkQuiet(): void {
    this.#listen()
    const memory = this.peer?.stats().memory
    const { frame = 0, ...others } = memory ?? {}
    if (Object.values(others).some(bytes => bytes !== 0))
      this.fault(`held at rest: ${JSON.stringify(others)}`)
    if (frame > 100_000) this.fault(`${frame} bytes of a frame`)
    if (this.#expected.length > 0) this.fault(`no ${this.#expected[0]} came`)
    if (this.#delivered !== this.#said) this.fault(`${this.#said} said, ${this.#delivered} delivered`)
    for (const { name, settled } of this.#open)
      if (!settled) this.fault(`${name} is open, though all was answered`)
  }

  #clock(): Clock {
    return {
      monotonic: () => {
        this.#worked += this.#work
        return this.time.now + this.#worked
      },
      epoch: () => this.time.clock.epoch(),
    }
  }

  /** Looks at what the remote hears: answers in the order of the questions, our own messages in that of their sending. */
  #listen(): void {
    for (const message of this.remote.heard.slice(this.#heard)) {
      const answer = labelOf(message)
      if (answer !== undefined) {
        const expected = this.#expected.shift()
        if (answer !== expected) this.fault(`${answer} came, and not ${expected}`)
      }
      const tag = message.command === 'unknown' && message.name === 'ours' ? tagOf(message) : undefined
      if (tag === undefined) continue
      if (tag <= this.#arrived) this.fault(`our ${tag} came behind ${this.#arrived}`)
      this.#arrived = tag
    }
    this.#heard = this.remote.heard.length
  }

  #meet(peer: Peer): void {
    this.peer = peer
    this.note('peer')
    peer.closed$.subscribe(({ code }) => {
      this.#closed += 1
      this.note(`closed ${code}`)
    })
    peer.messages$.subscribe({
      next: message => {
        const tag = tagOf(message)
        if (tag === undefined) return
        if (this.#disconnected) this.fault(`${tag} delivered after the end`)
        if (tag !== this.#delivered + 1) this.fault(`${tag} delivered behind ${this.#delivered}`)
        this.#delivered = tag
      },
      complete: () => this.note('messages complete'),
    })
  }

  #told(what: string): void {
    if (this.over) this.fault(`told twice: ${what}`)
    this.over = true
    this.note(what)
  }
}

/** What an answer of ours is called. */
function labelOf(message: Message): string | undefined {
  if (message.command === 'pong') return `pong ${message.nonce}`
  if (message.command === 'addr') return 'addr'
  return message.command === 'unknown' && message.name === 'served' ? 'served' : undefined
}

/** The number in a message that nobody asked for. */
function tagOf(message: Message): Tag | undefined {
  if (message.command === 'ping') return Number(message.nonce)
  if (message.command !== 'unknown') return undefined
  return new DataView(message.payload.buffer, message.payload.byteOffset).getUint32(0)
}
