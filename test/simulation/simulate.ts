import { config } from 'rxjs'
import { type Pick, seeded } from '../support/mutate.js'
import { answerNext, type Move, moves } from './moves.js'
import { Thrown, World } from './world.js'

/** A move, and what its dice begin with: without the others before it, it rolls the same. */
interface Step {
  readonly name: string
  readonly seed: number
}

/** What a simulation is: where its world begins, what happens in it, and how it ends. */
export interface Plan {
  readonly seed: number
  readonly steps: readonly Step[]
}

/** What became of it. */
export interface History {
  readonly log: readonly string[]
  readonly faults: readonly string[]
}

const table: readonly (readonly [string, Move])[] = Object.entries(moves)

/** How much likelier a move is in one simulation than in others: what never happens or happens all the time finds most. */
const moods = [0, 1, 1, 1, 10]

/** Draws moves by their weights and by the mood of this simulation. */
function drawer(pick: Pick): () => string {
  const weighed = table.map(
    ([name, { weight }]) => [name, weight * (moods[pick(moods.length)] ?? 1)] as const,
  )
  const total = weighed.reduce((sum, [, weight]) => sum + weight, 0)
  return () => {
    let left = (pick(1_000_000) / 1_000_000) * total
    for (const [name, weight] of weighed) {
      left -= weight
      if (left < 0) return name
    }
    return 'a moment passes'
  }
}

/** The simulation of a seed. */
export function planOf(seed: number): Plan {
  const pick = seeded(seed)
  const draw = drawer(pick)
  const steps = Array.from({ length: 10 + pick(60) }, () => ({ name: draw(), seed: pick(2 ** 31) }))
  return { seed, steps }
}

/** ms between two looks while everything comes to its end. */
const ROUND = 1_000
const ROUNDS = 200
/** ms in which a peer whose remote is silent ends, whatever waits. */
const SILENCE = 1_900_000

/** The remote does all that it should, and the user lets go of everything: then nothing is left to wait for. */
function recover(world: World): void {
  const { remote, time } = world
  remote.taking = 'at once'
  for (let i = 0; i < ROUNDS && world.live; i += 1) {
    remote.take(Number.POSITIVE_INFINITY)
    while (answerNext(world)) remote.speak(world.pick)
    remote.speak(world.pick)
    time.advance(ROUND)
  }
  if (!world.live || remote.gone !== undefined) return
  world.checkQuiet()
  const before = remote.heard.length
  world.tell(tag => ({ command: 'ping', nonce: BigInt(tag) }))
  remote.speak(world.pick)
  time.advance(ROUND)
  const pongs = remote.heard.slice(before).filter(({ command }) => command === 'pong')
  if (world.live && pongs.length === 0) world.fault('a ping is not answered: it is wedged')
}

function fallSilent(world: World): void {
  world.time.advance(SILENCE)
  world.checkSettled('though time has passed')
}

function leave(world: World): void {
  world.remote.reset()
  world.time.advance(5_000)
  if (world.live && world.remote.gone === 'reset') world.fault('a reset is not noticed')
}

function finish(world: World): void {
  world.note('-- the end begins')
  const end = [recover, recover, fallSilent, leave][world.pick(4)] ?? recover
  const letsGo = world.pick(2) === 0 || end === recover
  const letGo = () => {
    for (const handler of world.handlers) handler.unsubscribe()
    for (const release of world.holds) release()
  }
  if (letsGo) letGo()
  world.note(end.name)
  end(world)
  letGo()
  // Who is not read is not blamed for silence.
  if (end === fallSilent && letsGo && world.live) world.fault('it waits for a silent remote for ever')
  if (world.live) world.disconnect()
  // What is closed in order is written before; and users are told of errors behind it.
  world.remote.take(Number.POSITIVE_INFINITY)
  world.time.advance(0)
  world.checkEnd()
}

/** What RxJS had to tell that no simulated user has thrown. Later than it happens, in a task of its own. */
export const unhandled: unknown[] = []

config.onUnhandledError = error => {
  if (!(error instanceof Thrown)) unhandled.push(error)
}

/** Makes it happen. */
export function happen({ seed, steps }: Plan): History {
  const world = new World(seed, seeded(seed ^ 0x5eed))
  try {
    for (const { name, seed: own } of steps) {
      world.note(name)
      world.pick = seeded(own)
      moves[name]?.act(world)
      world.check()
    }
    world.pick = seeded(seed ^ 0xe4d)
    finish(world)
  } catch (error) {
    world.fault(`escaped: ${error instanceof Error ? error.stack : String(error)}`)
  }
  return world
}

/** The shortest plan found by leaving steps out that still has a fault of the same kind. */
export function shrink(plan: Plan): Plan {
  const kind = ({ faults }: History) => faults[0]?.replace(/\d+/g, '0').slice(0, 40)
  const wanted = kind(happen(plan))
  let best = plan
  for (let size = Math.ceil(plan.steps.length / 2); size >= 1; size = size > 1 ? Math.ceil(size / 2) : 0) {
    for (let at = 0; at < best.steps.length; ) {
      const steps = best.steps.filter((_, i) => i < at || i >= at + size)
      const shorter = { ...plan, steps }
      if (kind(happen(shorter)) === wanted) best = shorter
      else at += size
    }
  }
  return best
}

/** The report of a seed that fails. */
export function explain(seed: number): string {
  const short = shrink(planOf(seed))
  const { log, faults } = happen(short)
  return [`seed ${seed}: ${faults.join('; ')}`, `${short.steps.length} steps:`, ...log].join('\n  ')
}
