/** Bytes that a remote can make us hold, where nothing else is said; `marksOf` says how they are shared. */
export const MEMORY_LIMIT = 20_000_000

/** Bytes above which something waits. */
export interface Marks {
  /** What handlers hold: above, delivery to users waits, and goes on at half (Core `-maxreceivebuffer`, 5,000 kB). */
  readonly held: number
  /** What waits for users: above, reading waits, and goes on at half. */
  readonly queue: number
  /** What requests hold back: above, they drop what came out of order, and ask for it again. */
  readonly request: number
  /** Questions that wait for their answers: above, reading waits, and goes on at half. */
  readonly question: number
  /** Answers that are not written: above, the next one is not made. */
  readonly reply: number
}

/**
 * How the limit is shared: a quarter each for what handlers hold, what waits for them, and what requests hold back; a
 * twentieth each for questions and replies. The message that is coming in takes what is left, at most 4,000,000 bytes.
 * Each mark is exceeded by one message at most.
 */
export function marksOf(limit: number): Marks {
  return limit === MEMORY_LIMIT ? usual : shared(limit)
}

function shared(limit: number): Marks {
  return { held: limit / 4, queue: limit / 4, request: limit / 4, question: limit / 20, reply: limit / 20 }
}

/** Of nearly all peers. */
const usual = shared(MEMORY_LIMIT)
