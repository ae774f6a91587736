import type { Account, Ledger } from '../stream/ledger.js'
import { objectsOf, readsBytes, rememberedBy } from '../stream/objects.js'
import type { Message } from '../wire/messages.js'

/** Bytes of the object that a buffer is, beside what is in it. */
export const BUFFER = 100

/** A chunk that messages are views of: while one of them is kept, all of it is. */
class Pin {
  /** Weak, since the last one stays as long as its peer. */
  readonly #chunk: WeakRef<ArrayBufferLike>
  readonly #bytes: number
  #keepers = 0

  constructor(chunk: ArrayBufferLike) {
    this.#chunk = new WeakRef(chunk)
    this.#bytes = chunk.byteLength + BUFFER
  }

  isOf(chunk: ArrayBufferLike): boolean {
    return this.#chunk.deref() === chunk
  }

  /** One more keeps it; bytes that this costs. */
  keep(): number {
    this.#keepers += 1
    return this.#keepers === 1 ? this.#bytes : 0
  }

  /** One less; bytes that are free. */
  release(): number {
    this.#keepers -= 1
    return this.#keepers === 0 ? this.#bytes : 0
  }
}

/** A message that is kept, on an account. */
export class Kept {
  readonly #ledger: Ledger
  readonly #account: Account
  readonly #cost: number
  readonly #pin: Pin | undefined
  #open = true

  constructor(ledger: Ledger, account: Account, cost: number, pin?: Pin) {
    this.#ledger = ledger
    this.#account = account
    this.#cost = cost
    this.#pin = pin
    ledger.charge(account, cost + (pin?.keep() ?? 0))
  }

  /** Calling it again does nothing. */
  release(): void {
    if (!this.#open) return
    this.#open = false
    this.#ledger.refund(this.#account, this.#cost + (this.#pin?.release() ?? 0))
  }
}

/**
 * What it costs to keep messages that came in: their objects, and the buffers that they are views of. Messages of one
 * chunk share it, and it stays until the last of them is gone.
 */
export class Pins {
  readonly #ledger: Ledger
  readonly #account: Account
  #last: Pin | undefined
  #weighed: WeakRef<ArrayBufferLike> | undefined

  constructor(ledger: Ledger, account: Account) {
    this.#ledger = ledger
    this.#account = account
  }

  /**
   * Keeps a message until that is released.
   * @param more - bytes that whoever keeps it needs besides
   */
  keep(message: Message, payload: Uint8Array, more: number): Kept {
    const cost = more + objectsOf(message) + rememberedBy(message)
    if (!readsBytes(message)) return new Kept(this.#ledger, this.#account, cost)
    const { buffer } = payload
    if (isAlone(payload)) return new Kept(this.#ledger, this.#account, cost + BUFFER + buffer.byteLength)
    if (this.#last?.isOf(buffer) !== true) this.#last = new Pin(buffer)
    return new Kept(this.#ledger, this.#account, cost, this.#last)
  }

  /**
   * Bytes that a message keeps alive, for those who keep messages in order and let them go in order: the first one of a
   * chunk pays for all of it. 0 where none of its bytes are kept.
   */
  weigh(message: Message, payload: Uint8Array): number {
    if (!readsBytes(message)) return 0
    const { buffer } = payload
    if (this.#weighed?.deref() === buffer) return objectsOf(message)
    this.#weighed = new WeakRef(buffer)
    return objectsOf(message) + BUFFER + buffer.byteLength
  }
}

/** Whether a payload is nearly all of its buffer: to copy it would win less than an eighth. */
export function isAlone({ length, buffer }: Uint8Array): boolean {
  return 8 * (buffer.byteLength - length) <= length
}
