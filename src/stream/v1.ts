import { Observable } from 'rxjs'
import { Deframer, type Frame } from '../wire/deframer.js'
import { WireError } from '../wire/error.js'
import { encodeFrame } from '../wire/frame.js'
import type { Network } from '../wire/network.js'
import type { Connection } from './connection.js'
import { Inbox } from './inbox.js'
import type { Link } from './link.js'

/**
 * Cuts a byte stream into v1 frames. Errors with a WireError on the wrong magic, an oversized frame, and an end inside
 * a frame; everything else that can be wrong with a frame is a fact of the frame.
 */
export function deframe(magic: Uint8Array): (bytes$: Observable<Uint8Array>) => Observable<Frame> {
  return bytes$ =>
    new Observable(subscriber => {
      const deframer = new Deframer(magic)
      // A chunk that arrives while a frame is being handled waits until that one is through.
      const inbox = new Inbox<Uint8Array | 'end'>(item => {
        try {
          if (item === 'end') finish()
          else take(item)
        } catch (error) {
          subscriber.error(error)
        }
      })
      const take = (chunk: Uint8Array) => {
        deframer.push(chunk)
        while (!subscriber.closed) {
          const frame = deframer.next()
          if (frame === undefined) return
          subscriber.next(frame)
        }
      }
      const finish = () => {
        if (!deframer.atBoundary) throw new WireError('truncated-frame')
        subscriber.complete()
      }
      return bytes$.subscribe({
        next: chunk => inbox.push(chunk),
        error: error => subscriber.error(error),
        complete: () => inbox.push('end'),
      })
    })
}

/** The plain framing that every node speaks: magic, command, length, checksum, payload. */
export function v1(connection: Connection, network: Network): Link {
  return {
    transport: 'v1',
    frames$: connection.bytes$.pipe(deframe(network.magic)),
    write: (name, payload, written) => {
      const frame = encodeFrame(network.magic, name, payload)
      connection.write(frame, () => written(frame.length))
    },
  }
}
