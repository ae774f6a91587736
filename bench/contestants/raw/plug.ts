import { createHash } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import type { Network } from 'rxpeer/wire'
import { handshakeFrames } from '../handshake-frames.js'

/** SHA-256 by the native hash. */
export const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest()
/** The checksum of a frame. */
export const checksumOf = (payload: Uint8Array) => sha256(sha256(payload)).readUInt32LE(0)

/** Hands each payload of a stream to `next`, put together in one piece, once it fits its checksum. */
export function follow(next: (payload: Buffer) => void): (chunk: Buffer) => void {
  let header = Buffer.alloc(0)
  let payload: Buffer | undefined
  let fill = 0
  return chunk => {
    for (let at = 0; at < chunk.length; ) {
      if (payload === undefined) {
        const piece = chunk.subarray(at, at + 24 - header.length)
        header = Buffer.concat([header, piece])
        at += piece.length
        if (header.length < 24) return
        payload = Buffer.allocUnsafe(header.readUInt32LE(16))
        fill = 0
      }
      const copied = chunk.copy(payload, fill, at)
      fill += copied
      at += copied
      if (fill < payload.length) return
      const whole = payload
      payload = undefined
      const checksum = header.readUInt32LE(20)
      header = Buffer.alloc(0)
      if (checksumOf(whole) !== checksum) throw new Error('a bad checksum')
      next(whole)
    }
  }
}

/** A connection on which everyone has said version and verack, and whose payloads are handed on one by one. */
export class Plug {
  readonly #socket: Socket
  #next: (payload: Buffer) => void = () => {}

  private constructor(port: number) {
    this.#socket = connect({ host: '127.0.0.1', port, noDelay: true })
    this.#socket.on(
      'data',
      follow(payload => this.#next(payload)),
    )
  }

  static async open(port: number, network: Network): Promise<Plug> {
    const plug = new Plug(port)
    const ours = handshakeFrames(network)
    await plug.ask(Buffer.concat(ours), ours.length, () => {})
    return plug
  }

  /** Writes, and hands so many payloads that come in answer to `next`. */
  ask(question: Uint8Array, answers: number, next: (payload: Buffer) => void): Promise<number> {
    return new Promise(resolve => {
      let count = 0
      this.#next = payload => {
        count += 1
        next(payload)
        if (count === answers) resolve(count)
      }
      this.#socket.write(question)
    })
  }

  close(): void {
    this.#socket.destroy()
  }
}
