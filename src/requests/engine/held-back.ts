import type { Channel } from '../../peer/channel.js'

/** What the objects of an answer take beside its bytes: the message, its views, an entry here. */
export const ANSWER_OVERHEAD = 512

interface Held<T> {
  readonly make: () => T
  readonly release: () => void
}

/** Answers that came before their turn, by place, charged to the peer at what they take. */
export class HeldBack<T> {
  readonly #channel: Channel
  readonly #held = new Map<number, Held<T>>()

  constructor(channel: Channel) {
    this.#channel = channel
  }

  get size(): number {
    return this.#held.size
  }

  has(place: number): boolean {
    return this.#held.has(place)
  }

  /** Whether so many bytes more can be held back for the peer, by all requests together. */
  hasRoom(bytes: number): boolean {
    return this.#channel.requested() + bytes <= this.#channel.requestLimit
  }

  /** @param make - what becomes of it in its turn; must keep nothing alive that is not counted */
  put(place: number, bytes: number, make: () => T): void {
    this.#held.set(place, { make, release: this.#channel.charge(bytes) })
  }

  /** Takes one out. */
  pull(place: number): (() => T) | undefined {
    const held = this.#held.get(place)
    this.#held.delete(place)
    held?.release()
    return held?.make
  }

  clear(): void {
    for (const { release } of this.#held.values()) release()
    this.#held.clear()
  }
}

/**
 * The bytes by themselves where they are a part of much more, such as the chunk that they came in, which they would keep
 * alive uncounted.
 */
export function ownBytes(bytes: Uint8Array): Uint8Array {
  return bytes.buffer.byteLength - bytes.length > bytes.length / 8 ? bytes.slice() : bytes
}

/** Makes a value that is there. A function of its own: a closure would keep all alive that stands around it. */
export function ready<T>(value: T): () => T {
  return () => value
}
