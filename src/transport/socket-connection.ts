import { isIPv4 } from 'node:net'
import { Observable, type Subscriber } from 'rxjs'
import { type Connection, type Endpoint, TransportError } from '../stream/connection.js'
import { callbackFailed } from './callback.js'
import { type Batch, Coalescer } from './coalesce.js'
import { toTransportError } from './node-error.js'
import type { NodeSocket } from './node-types.js'
import { requireDelay } from './options.js'

/** How long a connection may take to end after `close`, milliseconds. */
export const DEFAULT_LINGER = 2_000

/** Bytes of one read, as libuv has them. */
const READ = 65_536

/** What all sockets read into that nobody has given anything better: what was read is copied before the next read. */
let shared: Uint8Array | undefined

/** What {@link fromSocket} cannot learn from the socket. */
export interface SocketOptions {
  /** Whether a proxy stands between. Default false. */
  readonly proxied?: boolean
  /** The remote end, where the socket's own idea of it is not meant: behind a proxy, what was asked for. */
  readonly remote?: Endpoint
  /** How long `close` waits for the flush and for the remote's FIN before it destroys the socket. Default 2,000 ms. */
  readonly linger?: number
}

/**
 * A connection over a socket of Node that the caller opened: TCP, TLS, one that leads through a proxy. The socket
 * belongs to the connection from here on; bytes that were already read can be given back with `socket.unshift`.
 *
 * It is made half-open (`allowHalfOpen`), so that a FIN of the remote does not end our side, and sends without delay
 * (TCP_NODELAY). `abort` resets a TCP connection (RST), unless it is already closing; other sockets are destroyed. A
 * reset drops bytes that were not yet delivered.
 * @throws TypeError where `linger` is not a delay that a timer can hold
 */
export function fromSocket(socket: NodeSocket, options: SocketOptions = {}): Connection {
  requireDelay('linger', options.linger ?? DEFAULT_LINGER)
  return new SocketConnection(socket, options)
}

/** A connection over a socket that was made with `reads` for its `onread`. */
export function fromReads(socket: NodeSocket, reads: SocketReads, options: SocketOptions): Connection {
  return new SocketConnection(socket, options, reads)
}

/**
 * What a socket of Node reads, and where to: its `onread` option. Made by Node, each read has 65,536 bytes of memory of its
 * own, which for a stream of blocks costs as much as to copy and hash them: V8 collects garbage by memory that was made.
 */
export class SocketReads {
  /** Who takes what was read; without anybody it is lost. */
  taker: Pick<Subscriber<Uint8Array>, 'next'> | undefined
  /** Asked before each read for where it is to go. */
  room: (() => Uint8Array | undefined) | undefined

  /** Called by Node before the first read and behind each. */
  readonly buffer = (): Uint8Array => {
    const room = this.room?.()
    if (room !== undefined && room.length > 0) return room
    shared ??= new Uint8Array(READ)
    return shared
  }

  /** Called by Node behind each read; whether to read on. */
  readonly callback = (size: number, bytes: Uint8Array): boolean => {
    this.taker?.next(bytes === shared ? bytes.slice(0, size) : bytes.subarray(0, size))
    return true
  }
}

class SocketConnection implements Connection {
  readonly bytes$: Observable<Uint8Array> = new Observable(subscriber => this.#subscribed(subscriber))
  readonly proxied: boolean
  readonly #socket: NodeSocket
  readonly #reads: SocketReads | undefined
  readonly #linger: number
  readonly #outgoing = new Coalescer()
  #local: Endpoint | undefined
  #remote: Endpoint | undefined
  #subscriber: Subscriber<Uint8Array> | undefined
  #taken = false
  #paused = false
  /** Whether a flush is on its way. */
  #flushing = false
  /** Whom to tell when the socket has taken what it was given. Until then it is given nothing more. */
  #inFlight: readonly (() => void)[] | undefined
  /** How the remote ended the connection. */
  #ending: 'fin' | TransportError | undefined
  /** Whether we did. */
  #closed = false
  #aborted = false
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(socket: NodeSocket, options: SocketOptions, reads?: SocketReads) {
    this.#socket = socket
    this.#reads = reads
    this.#linger = options.linger ?? DEFAULT_LINGER
    this.proxied = options.proxied ?? false
    this.#remote = options.remote ?? remoteEnd(socket)
    this.#local = localEnd(socket)
    if (socket.destroyed) {
      this.#onClose()
      return
    }
    socket.allowHalfOpen = true
    socket.setNoDelay(true)
    socket.pause()
    socket.on('error', this.#onError)
    socket.on('close', this.#onClose)
    if (socket.readableEnded) this.#onEnd()
    else socket.on('end', this.#onEnd)
  }

  get local(): Endpoint | undefined {
    this.#local ??= localEnd(this.#socket)
    return this.#local
  }

  get remote(): Endpoint | undefined {
    this.#remote ??= remoteEnd(this.#socket)
    return this.#remote
  }

  into(room: () => Uint8Array | undefined): void {
    if (this.#reads !== undefined) this.#reads.room = room
  }

  write(bytes: Uint8Array, written?: () => void): void {
    if (this.#closed || this.#socket.destroyed) return
    this.#outgoing.add(bytes, written)
    this.#scheduleFlush()
  }

  pause(): void {
    this.#paused = true
    if (!this.#closed) this.#socket.pause()
  }

  resume(): void {
    this.#paused = false
    if (!this.#closed && this.#subscriber !== undefined) this.#socket.resume()
  }

  close(): void {
    if (this.#closed) return
    this.#stopDelivery()
    const socket = this.#socket
    if (socket.destroyed) return
    this.#flush()
    // Unread bytes would keep the remote's FIN from us, and turn our end into a reset.
    socket.resume()
    // Not a reset: what the system has already taken still goes out.
    this.#timer = setTimeout(() => socket.destroy(), this.#linger)
    this.#timer.unref()
  }

  abort(): void {
    if (this.#aborted) return
    this.#stopDelivery()
    this.#reset()
  }

  /** Nothing leaves any more, and nobody is told of what has. */
  #reset(): void {
    this.#aborted = true
    this.#outgoing.clear()
    const socket = this.#socket
    if (socket.destroyed) return
    // After end() Node refuses the reset (EINVAL) and leaks the handle; before 'connect' it would wait for it.
    if (socket.writableEnded || socket.connecting) {
      socket.destroy()
      return
    }
    try {
      socket.resetAndDestroy()
    } catch {
      socket.destroy() // not a TCP socket
    }
  }

  #subscribed(subscriber: Subscriber<Uint8Array>): void {
    if (this.#taken) {
      subscriber.error(
        new TypeError('bytes$ has one subscriber, and has had it; share() it where more are wanted'),
      )
      return
    }
    this.#taken = true
    if (this.#closed) return
    this.#subscriber = subscriber
    subscriber.add(() => {
      if (this.#subscriber !== subscriber) return
      this.#listen(false)
      this.#socket.pause()
    })
    if (this.#ending !== undefined) {
      this.#deliverEnding()
      return
    }
    this.#listen(true)
    if (!this.#paused) this.#socket.resume()
  }

  /** Takes what is read. Where it was asked to read by `onread` and does not know that, it says `data`. */
  #listen(listens: boolean): void {
    if (!listens) this.#subscriber = undefined
    this.#socket[listens ? 'on' : 'off']('data', this.#onData)
    if (this.#reads === undefined) return
    this.#reads.taker = this.#subscriber
    if (!listens) this.#reads.room = undefined
  }

  readonly #onData = (chunk: Uint8Array): void => {
    this.#subscriber?.next(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength))
  }

  readonly #onEnd = (): void => {
    this.#ending ??= 'fin'
    this.#deliverEnding()
  }

  readonly #onError = (error: Error): void => {
    // After our own end nobody hears of it: a remote that resets what we have closed is ordinary, and errors are dear.
    if (this.#closed) return
    const at = this.remote === undefined ? 'a socket' : `${this.remote.host}:${this.remote.port}`
    this.#ending ??= toTransportError(error, at, 'connected')
    this.#deliverEnding()
  }

  readonly #onClose = (): void => {
    clearTimeout(this.#timer)
    this.#outgoing.clear()
    const socket = this.#socket
    if (!this.#closed) {
      this.#ending ??= new TransportError('connection-failed', 'the socket was destroyed from outside', {
        cause: socket.errored,
      })
      this.#deliverEnding()
    }
    socket.off('data', this.#onData)
    socket.off('end', this.#onEnd)
    socket.off('error', this.#onError)
    socket.off('close', this.#onClose)
  }

  #deliverEnding(): void {
    if (this.#ending === 'fin') this.#subscriber?.complete()
    else if (this.#ending !== undefined) this.#subscriber?.error(this.#ending)
  }

  /** From here on `bytes$` is silent for good. */
  #stopDelivery(): void {
    this.#closed = true
    this.#listen(false)
  }

  #scheduleFlush(): void {
    if (this.#flushing || this.#inFlight !== undefined) return
    this.#flushing = true
    // A tick is over when its microtasks are through: then come the ticks that these have queued.
    queueMicrotask(() => process.nextTick(this.#flush))
  }

  readonly #flush = (): void => {
    this.#flushing = false
    const socket = this.#socket
    if (socket.destroyed) return
    if (this.#inFlight === undefined) this.#hand(this.#outgoing.take())
    if (this.#closed && this.#outgoing.empty && !socket.writableEnded) socket.end()
  }

  #hand({ buffers, written }: Batch): void {
    if (buffers.length === 0) return
    this.#inFlight = written
    const socket = this.#socket
    const last = buffers.length - 1
    // Corked, several buffers leave in one gathered write.
    if (last > 0) socket.cork()
    for (const [i, bytes] of buffers.entries()) socket.write(bytes, i === last ? this.#onTaken : undefined)
    if (last > 0) socket.uncork()
  }

  readonly #onTaken = (error: Error | null | undefined): void => {
    const written = this.#inFlight ?? []
    this.#inFlight = undefined
    // A write that the destruction of its socket interrupts ends without an error.
    if (error != null || this.#socket.destroyed) return
    this.#report(written)
    if (!this.#outgoing.empty) this.#scheduleFlush()
  }

  #report(written: readonly (() => void)[]): void {
    for (const done of written) {
      if (this.#aborted) return
      try {
        done()
      } catch (error) {
        this.#fail(callbackFailed('written', error))
      }
    }
  }

  /** Our own side cannot go on. */
  #fail(error: TransportError): void {
    this.#ending ??= error
    this.#deliverEnding()
    this.#reset()
  }
}

function localEnd(socket: NodeSocket): Endpoint | undefined {
  return endpoint(socket.localAddress, socket.localPort)
}

/** The remote end, as the socket has it. */
export function remoteEnd(socket: NodeSocket): Endpoint | undefined {
  return endpoint(socket.remoteAddress, socket.remotePort)
}

/** An IPv4 address that came through a socket of both families is told as what it is. */
function endpoint(address: string | undefined, port: number | undefined): Endpoint | undefined {
  if (address === undefined || port === undefined) return undefined
  const inner = address.replace(/^::ffff:/i, '')
  return { host: isIPv4(inner) ? inner : address, port }
}
