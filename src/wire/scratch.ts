/** Bytes that nearly all messages fit in; what is longer grows into a buffer of its own. */
const SIZE = 8_192

let idle: Uint8Array | undefined

/**
 * A buffer to write in, which is given back by {@link giveBack}. What is written to the end is copied out of it: a buffer
 * above 64 bytes takes 400 to 700 ns to make (measured), so there is one and not one for each size that a message grows by.
 * Whoever borrows while it is out (a getter of a message that is being written may send another one) gets one of its own.
 */
export function borrow(): Uint8Array {
  const buffer = idle ?? new Uint8Array(SIZE)
  idle = undefined
  return buffer
}

/** Ends the use of a buffer. */
export function giveBack(buffer: Uint8Array): void {
  idle = buffer
}
