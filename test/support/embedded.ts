import type { PeerError } from '../../src/peer/close.js'
import { connect } from '../../src/peer/connect.js'
import type { PeerOptions } from '../../src/peer/options.js'
import type { Peer } from '../../src/peer/peer.js'
import type { Dial } from '../../src/stream/connection.js'
import { type EmbeddedNodeOptions, embeddedNode } from '../../src/testing/embedded-node.js'
import { seededRandom } from '../../src/testing/seeded-random.js'
import { virtualTime } from '../../src/testing/virtual-time.js'
import type { Block } from '../../src/wire/block.js'
import type { Inventory } from '../../src/wire/inventory.js'
import type { Command, Message, MessageOf } from '../../src/wire/messages.js'
import { regtest } from '../../src/wire/network.js'

/** A client of an embedded node, and all that it has heard. */
export interface Client {
  readonly peer: Peer
  readonly received: readonly Message[]
  readonly errors: readonly PeerError[]
  /** Sends, lets everything happen, and answers what came in meanwhile. */
  ask(...messages: readonly Message[]): readonly Message[]
  /** Answers what comes in while `run` and all that follows from it at once happens. */
  hears(run: () => void): readonly Message[]
  leave(): void
}

/** An embedded node in virtual time: after each step everything has happened that needs no time. */
export function virtualNode(options: EmbeddedNodeOptions = {}) {
  const time = virtualTime()
  const { scheduler } = time
  const failures: PeerError[] = []
  const failed = (error: PeerError) => failures.push(error)
  const node = embeddedNode({ scheduler, random: seededRandom(1), failed, ...options })

  const join = (clientOptions: PeerOptions = {}, dial: Dial = node.dial): Client => {
    const received: Message[] = []
    const errors: PeerError[] = []
    const peers: Peer[] = []
    const subscription = connect(dial, { network: regtest, scheduler, ...clientOptions }).subscribe({
      next: peer => {
        peers.push(peer)
        peer.messages$.subscribe(message => received.push(message))
      },
      error: (error: PeerError) => errors.push(error),
    })
    time.advance(0)
    const [peer] = peers
    if (peer === undefined) throw new Error(`no handshake: ${errors[0]?.code}`)
    const hears = (run: () => void) => {
      const before = received.length
      run()
      time.advance(0)
      return received.slice(before)
    }
    const ask = (...messages: readonly Message[]) =>
      hears(() => {
        for (const message of messages) peer.send(message)
      })
    const leave = () => {
      subscription.unsubscribe()
      time.advance(0)
    }
    return { peer, received, errors, ask, hears, leave }
  }
  return { node, join, time, failures }
}

/** The only message there is, which must be of this command. */
export function only<C extends Command>(command: C, messages: readonly Message[]): MessageOf<C> {
  const [message, ...others] = messages
  const isWanted = (candidate: Message | undefined): candidate is MessageOf<C> =>
    candidate?.command === command
  if (!isWanted(message) || others.length > 0) {
    throw new Error(`one ${command} was expected, not [${messages.map(each => each.command).join(', ')}]`)
  }
  return message
}

/** The block at a height, which must be there. */
export function blockAt(
  node: { readonly blocks: { at(i: number): Block | undefined } },
  height: number,
): Block {
  const block = node.blocks.at(height)
  if (block === undefined) throw new Error(`no block at height ${height}`)
  return block
}

/** Inventory entries in a form that tests compare. */
export function entries(inventory: Iterable<Inventory>): { type: number; hash: Uint8Array }[] {
  return Array.from(inventory, ({ type, hash }) => ({ type, hash: Uint8Array.from(hash) }))
}
