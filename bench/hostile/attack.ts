import { setTimeout as sleep } from 'node:timers/promises'
import { createNonces, open, type Peer } from 'rxpeer'
import { tcp } from 'rxpeer/node'
import { regtest } from 'rxpeer/wire'
import { type Attack, attacks, type PolicyName } from './attacks.js'
import { Worker } from './lines.js'
import type { RemoteReport } from './remote.js'
import type { VictimReport } from './victim.js'

/** Who attacks whom, and how. */
export interface Scene {
  readonly attack: string
  /** How many hostile peers there are. */
  readonly count: number
  /** Who opens the connection: `inbound` remotes dial us, `outbound` ones are dialled. */
  readonly direction: 'inbound' | 'outbound'
  readonly policy: PolicyName
  /** ms that an attack without an end of its own lasts. */
  readonly lasts: number
}

/** What an attack did. */
export interface Outcome {
  /** Longest round trip of the good peer's pings, ms, and how many there were. */
  readonly slowest: number
  readonly pongs: number
  /** What of that were turns of the victim's event loop, and what was the machine's, ms; the longest of each. */
  readonly turn: number
  readonly wait: number
  /** Bytes in use above the idle level for each hostile peer, at most; and in all when they have gone. */
  readonly heap: number
  readonly left: number
  /** Codes with which hostile peers ended, and how often. */
  readonly ends: Readonly<Record<string, number>>
  /** Whether the process, the listener and the good peer live. */
  readonly lives: boolean
}

/** ms after which a victim that cannot write closes, and one that waits for a handshake. */
const SEND_TIMEOUT = 6_000
const HANDSHAKE_TIMEOUT = 2_000
/** ms that hostile peers may take to end when they should. */
const PATIENCE = 60_000
/** ms between two pings, and two looks at the memory. */
const PING_EVERY = 10
const LOOK_EVERY = 250

/** Pings all the while; one ping at a time. */
async function ping(peer: Peer, signal: AbortSignal, pong: (ms: number) => void): Promise<void> {
  let nonce = 0n
  let since = 0
  let waiting: (() => void) | undefined
  const arrived = peer.on('pong').subscribe(message => {
    if (message.nonce === nonce) waiting?.()
  })
  const aborted = new Promise<void>(resolve => signal.addEventListener('abort', () => resolve()))
  while (!signal.aborted) {
    nonce += 1n
    since = performance.now()
    const answer = new Promise<void>(resolve => {
      waiting = resolve
    })
    peer.send({ command: 'ping', nonce })
    await Promise.race([answer, aborted])
    // One that is still out counts as long as it has been.
    pong(performance.now() - since)
    await sleep(PING_EVERY)
  }
  arrived.unsubscribe()
}

/** Runs an attack from its first connection to the end of the last, and says what it did. Ends all that it started. */
export async function run({ attack: name, count, direction, policy, lasts }: Scene): Promise<Outcome> {
  const attack: Attack | undefined = attacks[name]
  if (attack === undefined) throw new TypeError(`there is no attack "${name}"`)
  const victim = new Worker<VictimReport>('victim.ts', ['--expose-gc', '--max-old-space-size=128'], {
    policy,
    sendTimeout: SEND_TIMEOUT,
    handshakeTimeout: HANDSHAKE_TIMEOUT,
    every: LOOK_EVERY,
  })
  const ends: Record<string, number> = {}
  let ended = 0
  let most = 0
  let turn = 0
  let wait = 0
  victim.reports$.subscribe(report => {
    if (report.kind === 'used') {
      most = Math.max(most, report.bytes)
      turn = Math.max(turn, report.turn)
      wait = Math.max(wait, report.wait)
    } else if (report.kind === 'closed' && !report.userAgent.startsWith('/rxpeer')) {
      ended += 1
      console.error(Math.round(performance.now()), 'closed', report.code)
      ends[report.code] = (ends[report.code] ?? 0) + 1
    }
  })
  const used = async () => {
    const looked = victim.first('looked')
    victim.tell({ kind: 'look' })
    return (await looked).bytes
  }
  const started: Worker<RemoteReport>[] = []
  try {
    const { port } = await victim.first('port')
    const good = await open(tcp({ host: '127.0.0.1', port }), { network: regtest, nonces: createNonces() })
    let goodLives = true
    good.closed$.subscribe(() => {
      goodLives = false
    })
    const pinging = new AbortController()
    let slowest = 0
    let pongs = 0
    const pings = ping(good, pinging.signal, ms => {
      slowest = Math.max(slowest, ms)
      pongs += 1
    })
    // What is compiled by then is not the attack's.
    await sleep(500)
    await used()
    const idle = await used()
    slowest = 0
    pongs = 0
    most = idle
    turn = 0
    wait = 0

    const remote = new Worker<RemoteReport>('remote.ts', [], {
      attack: name,
      count,
      port: direction === 'inbound' ? port : undefined,
    })
    started.push(remote)
    if (direction === 'outbound') {
      victim.tell({ kind: 'dial', port: (await remote.first('port')).port, count })
    }
    const expected = attack.ends?.[policy]
    const until = performance.now() + (expected === undefined ? lasts : PATIENCE)
    const isOver = () => victim.end !== undefined || (expected !== undefined && ended >= count)
    while (!isOver() && performance.now() < until) await sleep(50)
    const outcome = { slowest, pongs, turn, wait, heap: (most - idle) / count }
    console.error(Math.round(performance.now()), 'stop')
    await remote.stop()
    console.error(Math.round(performance.now()), 'stopped')
    const left = performance.now() + PATIENCE
    while (victim.end === undefined && ended < count && performance.now() < left) await sleep(50)
    await sleep(LOOK_EVERY)
    const lives = victim.end === undefined && goodLives
    const remains = victim.end === undefined ? (await used()) - idle : Number.NaN
    pinging.abort()
    await pings
    good.disconnect()
    return { ...outcome, left: remains, ends, lives }
  } finally {
    await Promise.all([...started, victim].map(worker => worker.stop()))
  }
}
