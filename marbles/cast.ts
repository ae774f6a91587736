import { map, type Observable, of } from 'rxjs'
import { accept } from '../src/peer/accept.js'
import { connect } from '../src/peer/connect.js'
import { createNonces } from '../src/peer/nonces.js'
import type { PeerOptions } from '../src/peer/options.js'
import type { Peer } from '../src/peer/peer.js'
import type { MarbleHelpers } from '../src/testing/marbles.js'
import { versionMessage } from '../src/testing/messages.js'
import {
  type ScriptedRemote,
  type ScriptedRemoteOptions,
  scriptedRemote,
} from '../src/testing/scripted-remote.js'
import type { Message } from '../src/wire/messages.js'
import { regtest } from '../src/wire/network.js'

export { failure } from '../src/testing/failure.js'

/** A remote's version message; name only what matters. */
export const version = versionMessage

/** Who appears in the diagrams. Inbound diagrams hold these messages, outbound ones the letters' commands. */
export const cast = {
  v: version(),
  w: { command: 'wtxidrelay' },
  s: { command: 'sendaddrv2' },
  a: { command: 'verack' },
  p: { command: 'ping', nonce: 7n },
  o: { command: 'pong', nonce: 7n },
  g: { command: 'getaddr' },
  h: { command: 'sendheaders' },
  u: { command: 'unknown', name: 'mystery', payload: Uint8Array.of(1, 2, 3) },
  i: { command: 'inv', inventory: [] },
} satisfies Record<string, Message>

/** Letters of outbound diagrams: the same cast by command, and `r` for a reject. */
export const commands = {
  ...Object.fromEntries(Object.entries(cast).map(([letter, { command }]) => [letter, command])),
  r: 'reject',
}

/** What is written, as letters' commands. */
export function commandsOf(sent$: Observable<Message>): Observable<string> {
  return sent$.pipe(map(({ command }) => command))
}

/** Options that keep a peer inside a diagram: virtual time, no dice, a registry of its own. */
export function inDiagram({ scheduler, clock }: MarbleHelpers, options: PeerOptions = {}): PeerOptions {
  return {
    network: regtest,
    scheduler,
    clock,
    random: { bytes: size => new Uint8Array(size).fill(1) },
    nonces: createNonces(),
    ...options,
  }
}

/** A peer in a diagram, and the remote that it talks to. */
export interface Scene {
  readonly remote: ScriptedRemote
  readonly peer$: Observable<Peer>
}

/** Our side dialled: `inbound` is what the remote says, from the open connection on. */
export function outbound(
  helpers: MarbleHelpers,
  inbound: string | Observable<Message | Uint8Array>,
  options: PeerOptions = {},
  values: Record<string, Message | Uint8Array> = {},
  remoteOptions: ScriptedRemoteOptions = {},
): Scene {
  const said$ = typeof inbound === 'string' ? helpers.hot(inbound, { ...cast, ...values }) : inbound
  const remote = scriptedRemote(said$, remoteOptions)
  return { remote, peer$: connect(of(remote.connection), inDiagram(helpers, options)) }
}

/** The remote dialled. */
export function inbound(
  helpers: MarbleHelpers,
  said: string,
  options: PeerOptions = {},
  values: Record<string, Message | Uint8Array> = {},
  remoteOptions: ScriptedRemoteOptions = {},
): Scene {
  const remote = scriptedRemote(helpers.hot(said, { ...cast, ...values }), remoteOptions)
  return { remote, peer$: accept(remote.connection, inDiagram(helpers, options)) }
}

/** A stream of peers as the letter P, for diagrams about when a peer is there and how it ends. */
export function letterP(peer$: Observable<Peer>): Observable<'P'> {
  return peer$.pipe(map(() => 'P' as const))
}
