/** A whole peer over a connection that costs next to nothing itself: default behaviors, one subscriber. */
import { of, Subject } from 'rxjs'
import { type Connection, connect, createNonces, mainnet, type Peer } from 'rxpeer'
import { handshakeFrames } from '../handshake-frames.js'
import { chunks, frames } from '../parts.js'
import type { Tasks } from '../serve.js'
import { written } from './messages.js'

/** A remote that sends what it is told to, as fast as the peer reads. */
export class Feed implements Connection {
  readonly bytes$ = new Subject<Uint8Array>()
  readonly local = undefined
  readonly remote = undefined
  readonly proxied = false
  #paused = false
  #waiting: readonly Uint8Array[] = []
  #at = 0
  #feeding = false

  write(_: Uint8Array, written?: () => void): void {
    written?.()
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.#feed()
  }

  close(): void {}

  abort(): void {}

  /** Sends these chunks; what was sent before must have been read. */
  send(pieces: readonly Uint8Array[]): void {
    this.#waiting = pieces
    this.#at = 0
    this.#feed()
  }

  #feed(): void {
    if (this.#feeding) return
    this.#feeding = true
    while (!this.#paused && this.#at < this.#waiting.length) {
      this.#at += 1
      this.bytes$.next(this.#waiting[this.#at - 1]!)
    }
    this.#feeding = false
  }
}

/** The peer; the handshake may take more than one turn of the event loop. */
export function openPeer(feed: Feed): Promise<Peer> {
  return new Promise((resolve, reject) => {
    connect(of(feed), { network: mainnet, nonces: createNonces() }).subscribe({
      next: resolve,
      error: reject,
    })
    feed.send(handshakeFrames(mainnet))
  })
}

export const peers: Tasks = {
  peer: async (input, size) => {
    const pieces = chunks(input, size)
    const total = frames(input).length
    const feed = new Feed()
    const peer = await openPeer(feed)
    let count = 0
    let all: Uint8Array[] | undefined
    let finished = () => {}
    peer.messages$.subscribe(message => {
      count += 1
      all?.push(...written(message))
      if (count === total) finished()
    })
    const deliver = () =>
      new Promise<number>(resolve => {
        count = 0
        finished = () => resolve(count)
        feed.send(pieces)
      })
    return {
      run: deliver,
      digest: async () => {
        all = []
        const made = all
        await deliver()
        all = undefined
        return made
      },
    }
  },
}
