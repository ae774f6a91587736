/** From this length on a buffer is passed on as it is: copying it costs more than one more entry of a gathered write. */
export const LARGE_WRITE = 65_536

/**
 * Bytes that are handed on at a time. More at once would be told of as written all together, when the last byte is
 * taken: a remote that reads slowly then looks like one that does not read.
 */
export const MAX_BATCH = 262_144

/** Bytes that leave together, and whom to tell once the last of them has. */
export interface Batch {
  readonly buffers: readonly Uint8Array[]
  readonly written: readonly (() => void)[]
}

/** One large write, or a run of small ones. */
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

  /** @param large - bytes, at most {@link MAX_BATCH}; from here on a write stays a buffer of its own and is not copied */
  constructor(large: number = LARGE_WRITE) {
    this.#large = large
  }

  /** Whether nothing waits. */
  get empty(): boolean {
    return this.#runs.length === 0
  }

  /** Adds a write behind the others. One of no bytes counts as a write where nothing else waits. */
  add(bytes: Uint8Array, written?: () => void): void {
    const large = bytes.length >= this.#large
    let run = this.#runs.at(-1)
    const joins = run !== undefined && !large && !run.large && run.size + bytes.length <= MAX_BATCH
    if (run === undefined || (!joins && bytes.length > 0)) {
      run = { chunks: [bytes], written: [], size: bytes.length, large }
      this.#runs.push(run)
    } else if (bytes.length > 0) {
      run.chunks.push(bytes)
      run.size += bytes.length
    }
    if (written !== undefined) run.written.push(written)
  }

  /**
   * What leaves next, in order, {@link MAX_BATCH} bytes at most; no buffers where nothing waits. A large write is cut
   * where it does not fit, and a write that stands alone is not copied.
   */
  take(): Batch {
    const runs = this.#runs
    const first = runs[0]
    if (first !== undefined && runs.length === 1 && first.size <= MAX_BATCH) {
      this.#runs = []
      return { buffers: [merge(first)], written: first.written }
    }
    const buffers: Uint8Array[] = []
    const written: (() => void)[] = []
    let room = MAX_BATCH
    let whole = 0
    for (const run of runs) {
      if (run.size > room) {
        if (run.large && room > 0) buffers.push(cut(run, room))
        break
      }
      buffers.push(merge(run))
      for (const done of run.written) written.push(done)
      room -= run.size
      whole += 1
    }
    runs.splice(0, whole)
    return { buffers, written }
  }

  /** Forgets everything that waits. */
  clear(): void {
    this.#runs = []
  }
}

/** The first bytes of a large write, which keeps the others. */
function cut(run: Run, size: number): Uint8Array {
  const [bytes = new Uint8Array(0)] = run.chunks
  run.chunks[0] = bytes.subarray(size)
  run.size -= size
  return bytes.subarray(0, size)
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
