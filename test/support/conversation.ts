import { of, Subject } from 'rxjs'
import { accept } from '../../src/peer/accept.js'
import { connect } from '../../src/peer/connect.js'
import { createNonces } from '../../src/peer/nonces.js'
import type { PeerOptions } from '../../src/peer/options.js'
import type { Peer } from '../../src/peer/peer.js'
import type { Clock } from '../../src/stream/environment.js'
import {
  type ScriptedRemote,
  type ScriptedRemoteOptions,
  scriptedRemote,
} from '../../src/testing/scripted-remote.js'
import type { VersionMessage } from '../../src/wire/messages/version.js'
import type { Message } from '../../src/wire/messages.js'
import { unknownAddress } from '../../src/wire/netaddress.js'
import { regtest } from '../../src/wire/network.js'

/** A remote's version message; name only what matters. */
export function remoteVersion(fields: Partial<Omit<VersionMessage, 'command'>> = {}): VersionMessage {
  return {
    command: 'version',
    protocolVersion: 70016,
    services: 9n,
    timestamp: 1_700_000_000n,
    receiver: unknownAddress,
    sender: unknownAddress,
    nonce: 99n,
    userAgent: '/remote:1.0.0/',
    startHeight: 100,
    relay: true,
    ...fields,
  }
}

/** A clock by which no work takes time, so that a peer never lets others have their turn in the middle of a test. */
export const stillClock: Clock = { monotonic: () => 0, epoch: () => Date.now() }

/** A peer whose remote is the test itself: everything happens at the call. */
export interface Conversation {
  readonly remote: ScriptedRemote
  /** Messages and bytes from the remote; `complete` is an EOF, `error` a broken connection. */
  readonly said: Subject<Message | Uint8Array>
  readonly peer: Peer
  /** What `connect` or `accept` did, one word an event: `peer`, `complete`, `error CODE`. */
  readonly log: string[]
  /** Everything the peer has written. */
  readonly written: Message[]
  unsubscribe(): void
}

/** Shakes hands with a scripted remote. */
export function converse(
  options: PeerOptions = {},
  setup: ScriptedRemoteOptions & {
    readonly direction?: 'inbound' | 'outbound'
    readonly version?: VersionMessage
    readonly features?: readonly Message[]
    readonly onPeer?: (peer: Peer) => void
    readonly log?: string[]
  } = {},
): Conversation {
  const { direction = 'outbound', version = remoteVersion(), features = [], onPeer, log = [] } = setup
  const said = new Subject<Message | Uint8Array>()
  const remote = scriptedRemote(said, setup)
  const written: Message[] = []
  remote.sent$.subscribe(message => written.push(message))
  const all: PeerOptions = { network: regtest, nonces: createNonces(), clock: stillClock, ...options }
  let peer: Peer | undefined
  const peer$ =
    direction === 'outbound' ? connect(of(remote.connection), all) : accept(remote.connection, all)
  const subscription = peer$.subscribe({
    next: value => {
      peer = value
      log.push('peer')
      onPeer?.(value)
    },
    complete: () => log.push('complete'),
    error: error => log.push(`error ${error.code}`),
  })
  for (const message of [version, ...features, { command: 'verack' } as const]) said.next(message)
  if (peer === undefined) throw new Error(`no peer after the handshake: ${log.join(', ')}`)
  return { remote, said, peer, log, written, unsubscribe: () => subscription.unsubscribe() }
}
