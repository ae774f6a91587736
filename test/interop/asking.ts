import { type Message, ofCommand, type Peer } from 'rxpeer'
import { bytesToHex, type Command, type MessageOf, type Transaction } from 'rxpeer/wire'
import { anyoneCanSpend, type Litecoind } from './litecoind.js'
import { handled } from './peers.js'

/**
 * Sends a message and collects what comes of the given commands until the node has handled it: it answers in order, so
 * a pong behind it ends the list, also where nothing came.
 */
export async function answersTo<C extends Command>(
  peer: Peer,
  message: Message,
  ...commands: readonly [C, ...C[]]
): Promise<MessageOf<C>[]> {
  const answers: MessageOf<C>[] = []
  const subscription = peer.messages$.pipe(ofCommand(...commands)).subscribe(answer => answers.push(answer))
  try {
    peer.send(message)
    await handled(peer)
  } finally {
    subscription.unsubscribe()
  }
  return answers
}

/** The one answer to a message; an error where there is another number of them. */
export async function answerTo<C extends Command>(
  peer: Peer,
  message: Message,
  command: C,
): Promise<MessageOf<C>> {
  const answers = await answersTo(peer, message, command)
  const [only] = answers
  if (!only || answers.length > 1)
    throw new Error(`${answers.length} ${command} in answer to ${message.command}`)
  return only
}

/** Mines a block of exactly these transactions behind the coinbase; its hash in display hex. */
export async function mineBlock(node: Litecoind, transactions: readonly Transaction[]): Promise<string> {
  const raw = transactions.map(tx => bytesToHex(tx.bytes))
  const { hash } = await node.rpc<{ hash: string }>('generateblock', anyoneCanSpend, raw)
  return hash
}
