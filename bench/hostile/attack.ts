import { setTimeout as sleep } from 'node:timers/promises'
import { type Attack, attacks, type PolicyName } from './attacks.js'
import type { GoodReport, RoundTrip } from './good.js'
import { Worker } from './lines.js'
import type { RemoteReport } from './remote.js'
import { now, type Wait, waitedBetween } from './turn.js'
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
  /** Round trips of the good peer, and the longest of them, ms. */
  readonly pongs: number
  readonly slowest: number
  /** The longest without what the two processes waited for a core because of others on the machine, ms. */
  readonly ours: number
  /** The longest turn of the victim's event loop, ms on a core. */
  readonly turn: number
  /** Bytes in use above the idle level for each hostile peer, at most; and in all when they have gone. */
  readonly heap: number
  readonly left: number
  /** Codes with which hostile peers ended, and how often. */
  readonly ends: Readonly<Record<string, number>>
  /** Whether the process, the listener and the good peer live. */
  readonly lives: boolean
}

/** ms after which a victim that cannot write closes, and one that waits for a handshake. */
const SEND_TIMEOUT = 3_000
const HANDSHAKE_TIMEOUT = 3_000
/** ms that hostile peers may take to end when they should. */
const PATIENCE = 60_000
/** ms between two looks at the memory. */
const LOOK_EVERY = 250
/** ms in which all is compiled that a good peer needs. */
const WARM_UP = 500

/** All that the processes tell while an attack lasts. */
class Notes {
  readonly ends: { [code: string]: number } = {}
  ended = 0
  heap = 0
  turn = 0
  isGoodGone = false
  readonly waits: Wait[] = []
  readonly trips: RoundTrip[] = []

  victim(report: VictimReport): void {
    if (report.kind === 'used') {
      this.heap = Math.max(this.heap, report.bytes)
      this.turn = Math.max(this.turn, report.turn)
      this.waits.push(...report.waits)
    } else if (report.kind === 'closed' && !report.userAgent.startsWith('/rxpeer')) {
      this.ended += 1
      this.ends[report.code] = (this.ends[report.code] ?? 0) + 1
    }
  }

  good(report: GoodReport): void {
    if (report.kind === 'pong') this.trips.push(report.trip)
    else if (report.kind === 'closed') this.isGoodGone = true
  }

  /** Forgets what was before: the attack begins. */
  begin(idle: number): void {
    this.heap = idle
    this.turn = 0
    this.trips.length = 0
  }

  trip(): Pick<Outcome, 'pongs' | 'slowest' | 'ours'> {
    const ours = ({ at, took, waited }: RoundTrip) => took - waited - waitedBetween(this.waits, at, at + took)
    return {
      pongs: this.trips.length,
      slowest: Math.max(...this.trips.map(({ took }) => took)),
      ours: Math.max(...this.trips.map(ours)),
    }
  }
}

/** Runs an attack from its first connection to the end of the last, and says what it did. Ends all that it started. */
export async function run({ attack: name, count, direction, policy, lasts }: Scene): Promise<Outcome> {
  const attack: Attack | undefined = attacks[name]
  if (attack === undefined) throw new TypeError(`there is no attack "${name}"`)
  const notes = new Notes()
  const victim = new Worker<VictimReport>('victim.ts', ['--expose-gc', '--max-old-space-size=128'], {
    policy,
    sendTimeout: SEND_TIMEOUT,
    handshakeTimeout: HANDSHAKE_TIMEOUT,
    every: LOOK_EVERY,
  })
  victim.reports$.subscribe(report => notes.victim(report))
  const used = async () => {
    const looked = victim.first('looked')
    victim.tell({ kind: 'look' })
    return (await looked).bytes
  }
  const isDead = () => victim.end !== undefined
  const others: { stop(): Promise<void> }[] = []
  try {
    const { port } = await victim.first('port')
    const good = new Worker<GoodReport>('good.ts', [], { port })
    others.push(good)
    good.reports$.subscribe(report => notes.good(report))
    await good.first('ready')
    await sleep(WARM_UP)
    await used()
    const idle = await used()

    const remote = new Worker<RemoteReport>('remote.ts', [], {
      attack: name,
      count,
      port: direction === 'inbound' ? port : undefined,
    })
    others.push(remote)
    notes.begin(idle)
    if (direction === 'outbound') {
      victim.tell({ kind: 'dial', port: (await remote.first('port')).port, count })
    }
    const expected = attack.ends?.[policy]
    const until = now() + (expected === undefined ? lasts : PATIENCE)
    const isOver = () => isDead() || (expected !== undefined && notes.ended >= count)
    while (!isOver() && now() < until) await sleep(50)
    await sleep(LOOK_EVERY)
    const { heap, turn } = notes
    const trip = notes.trip()

    await remote.stop()
    const patient = now() + PATIENCE
    while (!isDead() && notes.ended < count && now() < patient) await sleep(50)
    await sleep(LOOK_EVERY)
    const lives = !isDead() && !notes.isGoodGone
    const left = isDead() ? Number.NaN : (await used()) - idle
    return { ...trip, turn, heap: (heap - idle) / count, left, ends: notes.ends, lives }
  } finally {
    await Promise.all([...others, victim].map(worker => worker.stop()))
  }
}
