import { readFileSync } from 'node:fs'

/** What this thread has had of the machine since it began, ms: on a core, and waiting for one. */
function shares(): { readonly ran: number; readonly waited: number } | undefined {
  try {
    const [ran = 0, waited = 0] = readFileSync('/proc/self/schedstat', 'utf8').split(' ').map(Number)
    return { ran: ran / 1e6, waited: waited / 1e6 }
  } catch {
    // Only Linux tells.
    return undefined
  }
}

/** The longest that other work has kept a timer waiting, ms. */
export interface Turns {
  /** Work of this process: what its turn of the event loop took of a core. */
  readonly turn: number
  /** That of others on the same machine. */
  readonly wait: number
}

/** Watches how long the turns of the event loop are, apart from what a busy machine adds to them. */
export class TurnWatch {
  #last = shares()
  #turn = 0
  #wait = 0

  /** @param every - ms between two looks */
  constructor(every = 5) {
    setInterval(() => {
      const now = shares()
      if (now !== undefined && this.#last !== undefined) {
        this.#turn = Math.max(this.#turn, now.ran - this.#last.ran)
        this.#wait = Math.max(this.#wait, now.waited - this.#last.waited)
      }
      this.#last = now
    }, every).unref()
  }

  /** Work that is not to be counted, because watching it is its purpose. */
  without<T>(work: () => T): T {
    const before = shares()
    const result = work()
    const after = shares()
    if (before !== undefined && after !== undefined && this.#last !== undefined) {
      this.#last = {
        ran: this.#last.ran + after.ran - before.ran,
        waited: this.#last.waited + after.waited - before.waited,
      }
    }
    return result
  }

  /** The longest since the last call. */
  take(): Turns {
    const turns = { turn: this.#turn, wait: this.#wait }
    this.#turn = 0
    this.#wait = 0
    return turns
  }
}
