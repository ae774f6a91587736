import { filter, map, type OperatorFunction, pipe } from 'rxjs'
import type { Codec } from '../wire/codec.js'
import { Reader } from '../wire/cursor.js'
import type { Message } from '../wire/messages.js'
import { ofCommand } from './of-command.js'

/**
 * Reads the messages of a wire name that rxpeer does not know, by a codec of your own: drafts, foreign chains,
 * experiments. A payload that does not fit errors with a WireError, that is: in your stream, and the peer lives on.
 * @param name - wire name, at most 12 characters
 * @example peer.messages$.pipe(decodeAs('uroot', codecs.struct<UtreexoRoot>({ leaves: codecs.u64 })))
 */
export function decodeAs<T>(name: string, codec: Codec<T>): OperatorFunction<Message, T> {
  return pipe(
    ofCommand('unknown'),
    filter(message => message.name === name),
    map(({ payload }) => {
      const reader = new Reader(payload, { command: name })
      const value = codec.decode(reader)
      reader.end()
      return value
    }),
  )
}
