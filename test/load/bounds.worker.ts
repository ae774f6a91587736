/**
 * Drives each account of the ledger to its bound from outside, and says a line for each: what the heap and its buffers
 * have grown by, and what the ledger has counted. Run with `--expose-gc`, as a bundle: tsx keeps the names of functions,
 * at 256 bytes a closure.
 */
import { filter, map, NEVER, of, Subject } from 'rxjs'
import type { Behavior } from '../../src/behaviors/behavior.js'
import { connect } from '../../src/peer/connect.js'
import { consume } from '../../src/peer/consume.js'
import { createNonces } from '../../src/peer/nonces.js'
import type { PeerOptions } from '../../src/peer/options.js'
import type { Peer } from '../../src/peer/peer.js'
import { getBlocks } from '../../src/requests/get-blocks.js'
import type { Connection } from '../../src/stream/connection.js'
import type { Account, Held } from '../../src/stream/ledger.js'
import { buildAddress } from '../../src/testing/build.js'
import { getDataMessage, headersMessage, invMessage, versionMessage } from '../../src/testing/messages.js'
import { frameOf } from '../../src/testing/scripted-remote.js'
import { Coalescer } from '../../src/transport/coalesce.js'
import { Deframer } from '../../src/wire/deframer.js'
import { fromHex, toHex } from '../../src/wire/hex.js'
import { decodeMessage, type Message } from '../../src/wire/messages.js'
import { regtest } from '../../src/wire/network.js'
import { sampleBlock, sampleTransaction } from '../support/samples.js'
import { bigBlock, numbersOf } from './big-blocks.js'

/** Bytes of a chunk of a socket. */
const CHUNK = 65_536

const { gc } = globalThis
if (gc === undefined) throw new Error('run with node --expose-gc')
const collect = gc

/** Bytes in use on the heap, and in buffers beside it. */
async function inUse(): Promise<number> {
  // Some buffers go only a round after the objects that held them.
  for (let i = 0; i < 2; i += 1) {
    collect()
    await new Promise(resolve => setImmediate(resolve))
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

/** A peer, and its remote: it says bytes, until it has to wait, and takes what the peer writes until it does no more. */
class Remote {
  readonly peer: Peer
  /** Frames that the peer has written. */
  readonly written = new Subject<Message>()
  paused = false
  /** It reads nothing more: what is written waits in the transport, as it does with a socket. */
  deaf = false
  /** How the peer has ended. */
  code = ''
  readonly #bytes = new Subject<Uint8Array>()
  readonly #waiting = new Coalescer()
  readonly #kept: unknown[] = []

  constructor(options: PeerOptions) {
    const deframer = new Deframer(regtest.magic)
    const connection: Connection = {
      bytes$: this.#bytes,
      write: (bytes, written) => {
        if (this.deaf) {
          this.#waiting.add(bytes, written)
          return
        }
        deframer.push(bytes)
        for (let frame = deframer.next(); frame !== undefined; frame = deframer.next()) {
          this.written.next(decodeMessage(frame.name, frame.payload))
        }
        written?.()
      },
      pause: () => {
        this.paused = true
      },
      resume: () => {
        this.paused = false
      },
      close: () => {},
      abort: () => {},
      local: undefined,
      remote: undefined,
      proxied: false,
    }
    const peers: Peer[] = []
    connect(of(connection), {
      network: regtest,
      nonces: createNonces(),
      // Nothing takes time, so that no turn is over before the bound is reached.
      clock: { monotonic: () => 0, epoch: () => Date.now() },
      ...options,
      behaviors: { idle: false, keepAlive: false, pingTimeout: false, stall: false, ...options.behaviors },
    }).subscribe({
      next: peer => peers.push(peer),
      error: ({ code }) => {
        this.code = code
      },
    })
    for (const message of [versionMessage(), { command: 'verack' } as const]) this.say(frameOf(message))
    const [peer] = peers
    if (peer === undefined) throw new Error('no peer after the handshake')
    this.peer = peer
  }

  say(bytes: Uint8Array): void {
    this.#bytes.next(bytes)
  }

  /** Says the same message until it has to wait, in chunks of a socket's size; at most so many bytes. */
  flood(message: Message, most = 100_000_000): void {
    const frame = frameOf(message)
    const times = Math.max(1, Math.floor(CHUNK / frame.length))
    const chunk = Buffer.concat(Array.from({ length: times }, () => frame))
    for (let said = 0; said < most && !this.paused && this.code === ''; said += chunk.length) {
      for (let at = 0; at < chunk.length && !this.paused; at += CHUNK) {
        this.say(Uint8Array.from(chunk.subarray(at, at + CHUNK)))
      }
    }
  }

  /** Keeps something as long as this lives. */
  readonly keep = (something: unknown): void => {
    this.#kept.push(something)
  }

  /** What a transport does at the end of a tick: small writes become one. */
  flush(): void {
    for (
      let { buffers, written } = this.#waiting.take();
      buffers.length > 0;
      { buffers, written } = this.#waiting.take()
    ) {
      this.#kept.push(buffers, written)
    }
  }
}

/** Something that makes a peer hold as much as it holds at most. */
interface Scenario {
  readonly account: Account
  readonly options?: PeerOptions
  /** What is there before: it is not measured. */
  prepare?(remote: Remote): void
  drive(remote: Remote): void
}

const ping: Message = { command: 'ping', nonce: 0x0101_0101_0101_0101n }
const getaddr: Message = { command: 'getaddr' }
const unknown = (bytes: number): Message => ({
  command: 'unknown',
  name: 'unknown',
  payload: new Uint8Array(bytes),
})
const tiny = sampleTransaction()
const transactions = (count: number) => Array.from({ length: count }, () => tiny)
const hash = new Uint8Array(32).fill(7)
const { header } = sampleBlock([tiny])

/** Messages that take much more, or much less, than their bytes; and ordinary ones. */
const kinds = {
  ping: () => ping,
  'unknown, of nothing': () => unknown(0),
  'unknown, of half a chunk': () => unknown(33_000),
  'unknown, of a megabyte': () => unknown(1_000_000),
  'inv of 1': () => invMessage('tx', 1),
  'inv of 50,000': () => invMessage('tx', 50_000),
  'headers of 2,000': () => headersMessage(2_000),
  'addrv2 of 1': () => ({ command: 'addrv2', addresses: [buildAddress('192.0.2.1')] }),
  'addrv2 of 1,000': () => ({
    command: 'addrv2',
    addresses: Array.from({ length: 1_000 }, () => buildAddress('192.0.2.1')),
  }),
  tx: () => ({ command: 'tx', transaction: tiny }),
  'block of 1': () => ({ command: 'block', block: sampleBlock([tiny]) }),
  'block of 20,000 tiny ones': () => ({ command: 'block', block: sampleBlock(transactions(20_000)) }),
  'blocktxn of 1': () => ({ command: 'blocktxn', blockHash: hash, transactions: [tiny] }),
  'blocktxn of 5,000 tiny ones': () => ({
    command: 'blocktxn',
    blockHash: hash,
    transactions: transactions(5_000),
  }),
  'cmpctblock of 5,000 tiny ones': () => ({
    command: 'cmpctblock',
    header,
    nonce: 1n,
    shortIds: [],
    prefilled: transactions(5_000).map((transaction, index) => ({ index, transaction })),
  }),
  'cmpctblock of 5,000 short ids': () => ({
    command: 'cmpctblock',
    header,
    nonce: 1n,
    shortIds: Array.from({ length: 5_000 }, (_, i) => i),
    prefilled: [],
  }),
  'getblocktxn of 5,000': () => ({
    command: 'getblocktxn',
    blockHash: hash,
    indexes: Array.from({ length: 5_000 }, (_, i) => i),
  }),
  'getheaders of 1': () => ({ command: 'getheaders', version: 70016, locator: [hash], stop: hash }),
  'cfilter of 20,000 bytes': () => ({
    command: 'cfilter',
    filterType: 0,
    blockHash: hash,
    filter: new Uint8Array(20_000),
  }),
} satisfies Record<string, () => Message>

/** Users wait, and the remote goes on until it has to. */
const queued = (kind: () => Message): Scenario => ({
  account: 'queue',
  prepare: ({ peer }) => void peer.hold(5_000_001),
  drive: remote => remote.flood(kind()),
})

/** Handlers take everything, and finish nothing: what comes behind the mark waits in the queue, and is not said. */
const held = (kind: () => Message): Scenario => ({
  account: 'held',
  prepare: ({ peer, keep }) => {
    peer.messages$
      .pipe(
        consume(peer, message => {
          keep(message)
          return NEVER
        }),
      )
      .subscribe()
  },
  drive: remote => {
    const message = kind()
    while (remote.peer.stats().memory.held <= 5_000_000) remote.flood(message, 1)
  },
})

/** Answers getdata and getaddr, one pong for each entry. */
const serving: Behavior = ({ messages$ }) =>
  messages$.pipe(
    filter(({ command }) => command === 'getdata' || command === 'getaddr'),
    map(function* (message) {
      const count = message.command === 'getdata' ? message.inventory.length : 1
      for (let i = 0; i < count; i += 1) yield { command: 'pong', nonce: BigInt(i) } as const
    }),
  )

/** Ten times the default, so that what the heap does by itself is little beside it. */
const MUCH = { memoryLimit: 200_000_000 }
/** Bytes of questions and of answers that may wait then. */
const MARK = MUCH.memoryLimit / 20

/** As many answers wait as may; what is asked now waits as a question. */
const asked = (message: Message, behavior: Behavior | false = serving): Scenario => ({
  account: 'question',
  options: { ...MUCH, behaviors: { serving: behavior } },
  prepare: remote => {
    remote.deaf = true
    while (remote.peer.stats().memory.reply < MARK) remote.flood(ping, 1)
    remote.flush()
  },
  drive: remote => remote.flood(message),
})

/** Answers of their own size to each ping. */
const answering = (answer: () => Message): Scenario => ({
  account: 'reply',
  options: { ...MUCH, behaviors: { pong: ({ on }) => on('ping').pipe(map(answer)) } },
  drive: remote => {
    remote.deaf = true
    while (remote.peer.stats().memory.question === 0) remote.say(frameOf(ping))
    remote.flush()
  },
})

const sending = (message: () => Message): Scenario => ({
  account: 'send',
  drive: remote => {
    remote.deaf = true
    remote.peer.send(message())
    // Up to the limit, and not above it: then it would be over.
    const fit = Math.floor((64 * 1024 * 1024) / remote.peer.stats().memory.send)
    for (let sent = 1; sent < fit; sent += 1) remote.peer.send(message())
    remote.flush()
  },
})

/** Blocks that are asked for all at once, and of which the first never comes. */
const WANTED = 12

const withheld = (): Scenario => {
  const frames = new Map<string, Uint8Array>()
  return {
    account: 'request',
    prepare: remote => {
      for (const number of numbersOf(1, WANTED)) {
        const block = bigBlock(number)
        frames.set(toHex(block.hash), frameOf({ command: 'block', block }))
      }
      const [first] = frames.keys()
      remote.written.subscribe(message => {
        if (message.command !== 'getdata') return
        for (const { hash: wanted } of Array.from(message.inventory)) {
          const frame = toHex(wanted) === first ? undefined : frames.get(toHex(wanted))
          for (let at = 0; frame !== undefined && at < frame.length; at += CHUNK) {
            remote.say(frame.slice(at, at + CHUNK))
          }
        }
      })
    },
    drive: ({ peer }) => {
      getBlocks(
        peer,
        Array.from(frames.keys(), id => fromHex(id)),
      ).subscribe({ error: () => {} })
    },
  }
}

const scenarios: Readonly<Record<string, Scenario>> = {
  ...Object.fromEntries(Object.entries(kinds).map(([name, kind]) => [`queue: ${name}`, queued(kind)])),
  ...Object.fromEntries(Object.entries(kinds).map(([name, kind]) => [`held: ${name}`, held(kind)])),
  'frame: all but a byte of 4,000,000': {
    account: 'frame',
    drive: remote => {
      const frame = frameOf(unknown(4_000_000))
      for (let at = 0; at < frame.length - 1; at += CHUNK) {
        remote.say(frame.slice(at, Math.min(at + CHUNK, frame.length - 1)))
      }
    },
  },
  'question: getaddr, a generator each': asked(getaddr),
  'question: getdata of 1, a generator each': asked(getDataMessage('tx', 1)),
  'question: getdata of 1,000, a generator each': asked(getDataMessage('tx', 1_000)),
  'question: ping': asked(ping, false),
  'reply: pong': answering(() => ({ command: 'pong', nonce: 0x0101_0101_0101_0101n })),
  'reply: unknown, of 1,000 bytes': answering(() => unknown(1_000)),
  'reply: inv of 100': answering(() => invMessage('tx', 100)),
  'send: getaddr': sending(() => ({ command: 'getaddr' })),
  'send: ping': sending(() => ({ command: 'ping', nonce: 0x0101_0101_0101_0101n })),
  'send: one message of 100,000 bytes, often': (() => {
    const message = unknown(100_000)
    return sending(() => message)
  })(),
  'request: blocks whose first is withheld': withheld(),
}

const sumOf = (held: Held) => Object.values(held).reduce((sum, one) => sum + one, 0)

/** A function of its own, so that nothing of one scenario is left when the next one begins. */
async function measure(name: string, { account, options = {}, prepare, drive }: Scenario): Promise<void> {
  const remote = new Remote(options)
  prepare?.(remote)
  const before = remote.peer.stats().memory
  const bytes = await inUse()
  drive(remote)
  const grown = (await inUse()) - bytes
  const after = remote.peer.stats().memory
  const line = {
    name,
    account,
    grown,
    /** What the ledger has counted meanwhile, on all accounts and on the one that it is about. */
    counted: sumOf(after) - sumOf(before),
    of: after[account] - before[account],
    code: remote.code,
  }
  process.stdout.write(`${JSON.stringify(line)}\n`)
  remote.peer.disconnect()
}

for (const [name, scenario] of Object.entries(scenarios)) {
  await measure(name, scenario)
}
process.exit(0)
