import type { Connection } from '../stream/connection.js'
import { attempt } from './attempt.js'

/** Ends a connection, in the other way where it fails in this one: it must not stay open. */
export function hangUp(connection: Connection, how: 'close' | 'abort'): void {
  try {
    connection[how]()
  } catch {
    attempt(() => connection[how === 'close' ? 'abort' : 'close']())
  }
}
