import { filter, map, type OperatorFunction, pipe } from 'rxjs'
import type { Codec } from '../wire/codec.js'
import { Reader } from '../wire/cursor.js'
import { isKnownCommand, type Message } from '../wire/messages.js'
import { ofCommand } from './of-command.js'

/**
 * Reads the messages of a wire name that rxpeer does not know, by a codec of your own: drafts, foreign chains,
 * experiments. A payload that does not fit errors with a WireError, that is: in your stream, and the peer lives on.
 * @param name - wire name, at most 12 characters
 * @throws TypeError at the call for a name that rxpeer knows, or that no message can have: nothing would ever come
 * @example peer.messages$.pipe(decodeAs('uroot', codecs.struct<UtreexoRoot>({ leaves: codecs.u64 })))
 */
export function decodeAs<T>(name: string, codec: Codec<T>): OperatorFunction<Message, T> {
  if (isKnownCommand(name)) throw new TypeError(`"${name}" is decoded by rxpeer: use ofCommand('${name}')`)
  if (!/^[\x20-\x7e]{1,12}$/.test(name)) throw new TypeError(`no message is called "${name}"`)
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
