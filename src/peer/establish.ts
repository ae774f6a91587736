import { Observable, type Subscriber } from 'rxjs'
import type { PeerDirection } from '../behaviors/behavior.js'
import { type Connection, type Dial, TransportError } from '../stream/connection.js'
import { type CloseReason, endedBy, PeerError } from './close.js'
import type { ResolvedOptions } from './options.js'
import type { Peer } from './peer.js'
import { Session } from './session.js'
import { emptyStats } from './stats.js'

/** Whether delivery goes on at once, or waits for a macrotask after the peer was emitted. */
export type Delivering = 'at-once' | 'next-task'

/** Runs a session over an open connection; unsubscribing disconnects. */
export function runSession(
  connection: Connection,
  direction: PeerDirection,
  options: ResolvedOptions,
  delivering: Delivering,
  subscriber: Subscriber<Peer>,
): void {
  const open = () => {
    const session: Session = new Session(connection, direction, options, {
      ready: peer => {
        if (delivering === 'next-task') {
          session.pause()
          options.scheduler.schedule(() => session.resume())
        }
        subscriber.next(peer)
      },
      complete: () => subscriber.complete(),
      error: error => subscriber.error(error),
    })
    return session
  }
  try {
    const session = open()
    subscriber.add(() => session.disconnect('unsubscribed'))
    session.start()
  } catch (error) {
    // Only what the user's `newestBlock` throws comes here; the transport's stack is no place for it.
    connection.abort()
    subscriber.error(error)
  }
}

/** Dials and runs a session over the connection. */
export function dialSession(dial: Dial, options: ResolvedOptions, delivering: Delivering): Observable<Peer> {
  return new Observable(subscriber => {
    let connected = false
    subscriber.add(
      dial.subscribe({
        next: connection => {
          if (connected) {
            connection.abort()
            return
          }
          connected = true
          runSession(connection, 'outbound', options, delivering, subscriber)
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

function dialError(error: unknown, options: ResolvedOptions): PeerError {
  const code = error instanceof TransportError ? error.code : 'connection-failed'
  const reason = error instanceof Error ? error.message : String(error)
  const end: CloseReason = { code, by: endedBy(code), reason, cause: error }
  return new PeerError(
    end,
    emptyStats({ id: 0, direction: 'outbound', protocolVersion: options.protocolVersion }),
  )
}
