import { Observable, Subject, type Subscriber, Subscription } from 'rxjs'
import type { Connection, Endpoint } from '../stream/connection.js'
import { Deframer } from '../wire/deframer.js'
import { encodeFrame } from '../wire/frame.js'
import type { VersionMessage } from '../wire/messages/version.js'
import { decodeMessage, encodeMessage, type Message, wireName } from '../wire/messages.js'
import { type Network, regtest } from '../wire/network.js'
import { protocolVersions } from '../wire/versions.js'
import { Queue } from './queue.js'
import { isMessage, render } from './render.js'

/** What a scripted remote did to its connection. */
export type ConnectionEnd = 'close' | 'abort'

/** A remote whose every word is in a diagram: the other side of `connect` and `accept` in marble tests. */
export interface ScriptedRemote {
  /** Give it to `accept`, or to `connect` inside `of(…)`. */
  readonly connection: Connection
  /** The sent log: what the peer writes, at the moment it writes. Hot, completes when the peer ends the connection. */
  readonly sent$: Observable<Message>
  /** How the peer ended the connection. Hot; emits once and completes. */
  readonly ended$: Observable<ConnectionEnd>
}

/** How a scripted remote shakes hands by itself. */
export interface ScriptedHandshake {
  /** Its version message. */
  readonly version: VersionMessage
  /** Who opened the connection: to an `outbound` peer the remote answers, to an `inbound` one it speaks first. */
  readonly direction: 'inbound' | 'outbound'
  /** What it says between version and verack. Default: wtxidrelay and sendaddrv2, from version 70016 on. */
  readonly features?: readonly Message[] | undefined
}

/** Options of {@link scriptedRemote}. */
export interface ScriptedRemoteOptions {
  /** Default: regtest. */
  readonly network?: Network | undefined
  /** Protocol version that both sides' payloads are coded for. Default: the newest. */
  readonly protocolVersion?: number | undefined
  /** The remote's address. Default 127.0.0.1:18444. */
  readonly remote?: Endpoint | undefined
  /** Asked with each write; `written` is to be called when its bytes are taken. Default: at once. */
  readonly taking?: ((written: () => void) => void) | undefined
  /**
   * The drain diagram: with each of its values one write of the peer is taken, and when it completes the remote takes
   * everything at once. A handshake of its own (`handshake`) is taken at once too. Default: it always does.
   * @example { drain: hot('--t---(tt)-|') }
   */
  readonly drain?: Observable<unknown> | undefined
  /** Shakes hands without a line in the diagram. Default: the handshake is in the diagram too. */
  readonly handshake?: ScriptedHandshake | undefined
}

/** A message in its v1 frame. */
export function frameOf(message: Message, network: Network = regtest, protocolVersion?: number): Uint8Array {
  return encodeFrame(network.magic, wireName(message), encodeMessage(message, { protocolVersion }))
}

/** Whether a remote can say it: callers without types, and letters that stand for nothing, bring anything. */
export function isSayable(value: unknown): value is Message | Uint8Array {
  return value instanceof Uint8Array || (typeof value === 'object' && value !== null && isMessage(value))
}

type Inbound = { readonly bytes: Uint8Array } | { readonly error: unknown } | 'end'

/** What the remote says, on its way to the one subscriber: kept until it is there, and while it pauses. */
class InboundBytes {
  readonly bytes$: Observable<Uint8Array> = new Observable(subscriber => {
    this.#subscriber = subscriber
    this.#deliver()
  })
  #subscriber: Subscriber<Uint8Array> | undefined
  readonly #waiting = new Queue<Inbound>()
  #paused = false
  #delivering = false

  push(item: Inbound): void {
    this.#waiting.push(item)
    this.#deliver()
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.#deliver()
  }

  #deliver(): void {
    if (this.#delivering) return
    this.#delivering = true
    while (this.#subscriber !== undefined && !this.#paused) {
      const item = this.#waiting.shift()
      if (item === undefined) break
      if (item === 'end') this.#subscriber.complete()
      else if ('error' in item) this.#subscriber.error(item.error)
      else this.#subscriber.next(item.bytes)
    }
    this.#delivering = false
  }
}

/** Takes writes when the drain diagram says so. */
function drained(drain: Observable<unknown>): (written: () => void) => void {
  const waiting = new Queue<() => void>()
  let open = false
  drain.subscribe({
    next: () => waiting.shift()?.(),
    error: () => {},
    complete: () => {
      open = true
      for (let written = waiting.shift(); written; written = waiting.shift()) written()
    },
  })
  return written => {
    if (open) written()
    else waiting.push(written)
  }
}

const features: readonly Message[] = [{ command: 'wtxidrelay' }, { command: 'sendaddrv2' }]

/** The remote's answer to our version message. */
function answerTo(own: VersionMessage, { direction, version, ...given }: ScriptedHandshake): Message[] {
  const modern = Math.min(own.protocolVersion, version.protocolVersion) >= protocolVersions.wtxidRelay
  const between = given.features ?? (modern ? features : [])
  return [...(direction === 'outbound' ? [version] : []), ...between, { command: 'verack' }]
}

/**
 * A remote that says what `inbound` emits, and records what it hears. Values are messages, or bytes where something is
 * to be wrong; completing is an EOF, an error is a broken connection. Any other value is a TypeError, which RxJS reports
 * as not caught.
 * @example
 * const remote = scriptedRemote(hot('-v-a-p', { v: versionMessage(), a: { command: 'verack' }, p: pingMessage() }))
 * expectObservable(remote.sent$).toBe('…')
 */
export function scriptedRemote(
  inbound: Observable<Message | Uint8Array>,
  options: ScriptedRemoteOptions = {},
): ScriptedRemote {
  const { network = regtest, protocolVersion, remote = { host: '127.0.0.1', port: 18444 } } = options
  const { drain, handshake, taking = drain ? drained(drain) : (written: () => void) => written() } = options
  const sent = new Subject<Message>()
  const ended = new Subject<ConnectionEnd>()
  const bytes = new InboundBytes()
  const outbound = new Deframer(network.magic)
  const words = new Subscription()
  let over = false
  let shaking = handshake !== undefined
  const end = (how: ConnectionEnd) => {
    if (over) return
    over = true
    words.unsubscribe()
    ended.next(how)
    ended.complete()
    sent.complete()
  }
  const say = (value: Message | Uint8Array) => {
    if (!isSayable(value))
      throw new TypeError(`a remote says messages and bytes, and ${render(value)} is neither`)
    bytes.push({ bytes: value instanceof Uint8Array ? value : frameOf(value, network, protocolVersion) })
  }
  if (handshake?.direction === 'inbound') say(handshake.version)
  words.add(
    inbound.subscribe({
      next: say,
      error: (error: unknown) => bytes.push({ error }),
      complete: () => bytes.push('end'),
    }),
  )
  return {
    sent$: sent,
    ended$: ended,
    connection: {
      bytes$: bytes.bytes$,
      write: (chunk, written = () => {}) => {
        // Nothing is written to see whether the remote is still there.
        if (over || chunk.length === 0) return
        const now = shaking
        const answers: Message[] = []
        outbound.push(chunk)
        for (let frame = outbound.next(); frame !== undefined; frame = outbound.next()) {
          const message = decodeMessage(frame.name, frame.payload, { protocolVersion })
          sent.next(message)
          if (message.command === 'verack') shaking = false
          if (handshake && message.command === 'version') answers.push(...answerTo(message, handshake))
        }
        if (now) written()
        else taking(written)
        answers.forEach(say)
      },
      pause: () => bytes.pause(),
      resume: () => bytes.resume(),
      close: () => end('close'),
      abort: () => end('abort'),
      local: undefined,
      remote,
      proxied: false,
    },
  }
}
