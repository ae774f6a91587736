// Checked by `npm run types`: a line that compiles where an error is expected fails it, and the other way round.
import type { Observable } from 'rxjs'
import { consume, type Message, ofCommand, type Peer } from 'rxpeer'
import type { InvMessage, MessageOf, PingMessage, TxMessage } from 'rxpeer/wire'

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

/** Takes only what is exactly of type `T`. */
declare function exactly<T>(): <U>(value: U, same: Equal<T, U>) => void

export function ofCommandIsTyped(peer: Peer): void {
  const inv$ = peer.messages$.pipe(ofCommand('inv'))
  exactly<Observable<InvMessage>>()(inv$, true)
  exactly<Observable<InvMessage>>()(peer.on('inv'), true)
  const two$ = peer.messages$.pipe(ofCommand('ping', 'tx'))
  exactly<Observable<PingMessage | TxMessage>>()(two$, true)
  // @ts-expect-error the message has no such command
  peer.messages$.pipe(ofCommand('inw'))
  // @ts-expect-error at least one command is needed
  peer.messages$.pipe(ofCommand())
  // @ts-expect-error the message has no such command
  peer.on('inw')
}

export function consumeIsTyped(peer: Peer): void {
  const sizes$ = peer.messages$.pipe(
    ofCommand('tx', 'block'),
    consume(peer, async message =>
      message.command === 'tx' ? message.transaction.weight : `${message.block.hash}`,
    ),
  )
  exactly<Observable<number | string>>()(sizes$, true)
  // @ts-expect-error an inv has no block
  peer.on('inv').pipe(consume(peer, ({ block }) => [block]))
}

export function messagesAreTyped(message: Message): void {
  if (message.command === 'ping') exactly<bigint>()(message.nonce, true)
  if (message.command === 'unknown') exactly<string>()(message.name, true)
  // @ts-expect-error not every message has a nonce
  message.nonce
  const inv: MessageOf<'inv'> = { command: 'inv', inventory: [] }
  // @ts-expect-error a ping is no inv
  const ping: MessageOf<'ping'> = inv
  void ping
}

export function literalsCanBeSent(peer: Peer): void {
  peer.send({ command: 'ping', nonce: 1n })
  // @ts-expect-error the nonce is a bigint
  peer.send({ command: 'ping', nonce: 1 })
  // @ts-expect-error the fields of another message
  peer.send({ command: 'ping', inventory: [] })
}
