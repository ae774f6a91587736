import { filter, merge, type Observable, type OperatorFunction } from 'rxjs'
import type { Command, Message, MessageOf } from '../wire/messages.js'

/** The key under which a stream of messages offers its own look-up by command. */
export const byCommand: unique symbol = Symbol('byCommand')

/** A stream of messages that can tell commands apart before it calls a subscriber. */
export interface CommandIndex {
  /** The messages of one command, and no work for the others. */
  [byCommand]<C extends Command>(command: C): Observable<MessageOf<C>>
}

function isIndexed(source: object): source is CommandIndex {
  return byCommand in source
}

/** Whether a message has a command, where that is a type parameter. */
export function isOfCommand<C extends Command>(command: C, message: Message): message is MessageOf<C> {
  return message.command === command
}

/**
 * Only the messages of the given commands, typed as such. On a peer's `messages$` it takes the same table look-up as
 * `peer.on(command)`, so that many filters cost no more than one; on any other stream of messages it filters.
 *
 * ```
 * messages$  --inv--ping--tx--inv--|
 *            ofCommand('inv', 'tx')
 *            --inv--------tx--inv--|
 * ```
 * @example peer.messages$.pipe(ofCommand('inv')).subscribe(inv => console.log(inv.inventory.length))
 */
export function ofCommand<C extends Command>(
  ...commands: readonly [C, ...C[]]
): OperatorFunction<Message, MessageOf<C>> {
  const named = new Set(commands)
  const wanted: ReadonlySet<Command> = named
  const isWanted = (message: Message): message is MessageOf<C> => wanted.has(message.command)
  return source =>
    isIndexed(source)
      ? merge(...Array.from(named, command => source[byCommand](command)))
      : source.pipe(filter(isWanted))
}
