import { Observable, type Subscriber } from 'rxjs'
import type { PeerDirection } from '../behaviors/behavior.js'
import { type Connection, type Dial, TransportError } from '../stream/connection.js'
import { textOf } from '../stream/plain-cause.js'
import { closing, PeerError, transportEnd } from './close.js'
import type { Negotiated } from './conversation-state.js'
import { peerOf } from './face.js'
import { hangUp } from './hang-up.js'
import type { ResolvedOptions } from './options.js'
import type { Peer } from './peer.js'
import { Shell, type ShellEvents } from './shell.js'
import { emptyStats } from './stats.js'

/** Whether delivery goes on at once, or waits for a macrotask after the peer was emitted. */
export type Delivering = 'at-once' | 'next-task'

/** Whom a shell tells of its life: who has subscribed. */
class Events implements ShellEvents {
  readonly #subscriber: Subscriber<Peer>
  readonly #delivering: Delivering

  constructor(subscriber: Subscriber<Peer>, delivering: Delivering) {
    this.#subscriber = subscriber
    this.#delivering = delivering
  }

  ready(shell: Shell, negotiated: Negotiated): void {
    const { lanes, environment } = shell.parts
    // Stopped and not paused: pings are answered meanwhile.
    if (this.#delivering === 'next-task') environment.scheduler.schedule(lanes.stop())
    this.#subscriber.next(peerOf(shell, negotiated))
  }

  complete(): void {
    this.#subscriber.complete()
  }

  error(error: PeerError): void {
    this.#subscriber.error(error)
  }
}

/** Runs a peer over an open connection; unsubscribing disconnects. */
export function runPeer(
  connection: Connection,
  direction: PeerDirection,
  options: ResolvedOptions,
  delivering: Delivering,
  subscriber: Subscriber<Peer>,
): void {
  let shell: Shell
  try {
    shell = new Shell(connection, direction, options, new Events(subscriber, delivering))
  } catch (cause) {
    hangUp(connection, 'abort')
    const reason = closing('callback-failed', 'local', `the beginning failed: ${textOf(cause)}`, cause)
    subscriber.error(
      new PeerError(reason, emptyStats({ id: 0, direction, protocolVersion: options.protocolVersion })),
    )
    return
  }
  subscriber.add(() => shell.end('disconnected', 'unsubscribed'))
  shell.start()
}

/** Dials and runs a peer over the connection. */
export function dialPeer(dial: Dial, options: ResolvedOptions, delivering: Delivering): Observable<Peer> {
  return new Observable(subscriber => {
    let connected = false
    subscriber.add(
      dial.subscribe({
        next: connection => {
          if (connected) {
            hangUp(connection, 'abort')
            return
          }
          connected = true
          runPeer(connection, 'outbound', options, delivering, subscriber)
        },
        error: (error: unknown) => {
          if (!connected) subscriber.error(dialError(error, options))
        },
        complete: () => {
          if (!connected)
            subscriber.error(
              dialError(new TransportError('connection-failed', 'no connection was dialled'), options),
            )
        },
      }),
    )
  })
}

function dialError(error: unknown, { protocolVersion }: ResolvedOptions): PeerError {
  return new PeerError(transportEnd(error), emptyStats({ id: 0, direction: 'outbound', protocolVersion }))
}
