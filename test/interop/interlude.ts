import { map } from 'rxjs'
import type { Connection, Dial } from 'rxpeer'
import type { Command } from 'rxpeer/wire'

/** The command of a v1 frame. */
const commandOf = (frame: Uint8Array): string =>
  String.fromCharCode(...frame.subarray(4, 16)).replace(/\0+$/, '')

/**
 * A dial on which something else happens in the middle: the n-th message of a command that we write waits, and all that
 * is behind it, until `work` is done.
 */
export function interlude(
  dial: Dial,
  { command, nth }: { readonly command: Command; readonly nth: number },
  work: () => Promise<void>,
): Dial {
  const between = (connection: Connection): Connection => {
    let seen = 0
    let turn: Promise<void> | undefined
    const inTurn = (act: () => void) => {
      if (turn === undefined) act()
      else turn = turn.then(act)
    }
    return {
      bytes$: connection.bytes$,
      write: (bytes, written) => {
        if (commandOf(bytes) === command) {
          seen += 1
          if (seen === nth) turn = work()
        }
        inTurn(() => connection.write(bytes, written))
      },
      pause: () => connection.pause(),
      resume: () => connection.resume(),
      close: () => inTurn(() => connection.close()),
      abort: () => connection.abort(),
      local: connection.local,
      remote: connection.remote,
      proxied: connection.proxied,
    }
  }
  return dial.pipe(map(between))
}
