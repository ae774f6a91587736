import { readFileSync } from 'node:fs'
import { hrtime } from 'node:process'

/** What this thread has had of the machine since it began, ms: on a core, and waiting for one. */
interface Shares {
  readonly ran: number
  readonly waited: number
}

/** ms by a clock that all processes of the machine share. */
export function now(): number {
  return Number(hrtime.bigint()) / 1e6
}

/** Only Linux tells; elsewhere nothing is the machine's. */
export function shares(): Shares {
  try {
    const [ran = 0, waited = 0] = readFileSync('/proc/self/schedstat', 'utf8').split(' ').map(Number)
    return { ran: ran / 1e6, waited: waited / 1e6 }
  } catch {
    return { ran: 0, waited: 0 }
  }
}

/** How long a process had waited for a core, or been watched, when; both ms, see {@link now}. */
export type Wait = readonly [at: number, waited: number]

/** What was seen of the turns of an event loop. */
export interface Turns {
  /** The longest turn, ms on a core. */
  readonly turn: number
  /** The waits for a core, where they changed. */
  readonly waits: readonly Wait[]
}

/** Watches how long the turns of the event loop are, apart from what a busy machine and the watching add to them. */
export class TurnWatch {
  #last = shares()
  /** ms that the watching itself took. */
  #watching = 0
  #turn = 0
  #waits: Wait[] = [[now(), this.#last.waited]]

  /** @param every - ms between two looks */
  constructor(every = 5) {
    setInterval(() => {
      const seen = shares()
      this.#turn = Math.max(this.#turn, seen.ran - this.#last.ran)
      if (seen.waited - this.#last.waited > 0.5) this.#note(seen)
      this.#last = seen
    }, every).unref()
  }

  /** Work whose purpose is watching. */
  without<T>(work: () => T): T {
    const [began, before] = [now(), shares()]
    this.#note(before)
    const result = work()
    const after = shares()
    const waited = after.waited - before.waited
    // Also what others do for it: a collection waits for threads of its own.
    this.#watching += now() - began - waited
    this.#note(after)
    this.#last = { ran: this.#last.ran + after.ran - before.ran, waited: after.waited }
    return result
  }

  #note({ waited }: Shares): void {
    this.#waits.push([now(), waited + this.#watching])
  }

  /** What was seen since the last call. */
  take(): Turns {
    const turns = { turn: this.#turn, waits: this.#waits }
    this.#turn = 0
    this.#waits = []
    return turns
  }
}

/** ms that a process waited for a core, or was watched, between two times. */
export function waitedBetween(waits: readonly Wait[], from: number, to: number): number {
  const at = (time: number) => waits.findLast(([seen]) => seen <= time)?.[1] ?? waits[0]?.[1] ?? 0
  return at(to) - at(from)
}
