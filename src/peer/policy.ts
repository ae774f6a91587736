import { IDLE_TIMEOUT } from '../behaviors/idle.js'
import { CORE_PING_TIMEOUT } from '../behaviors/ping-timeout.js'
import { type WireErrorCode, wireFaults } from '../wire/error.js'
import { CORE_MAX_LOCATOR, MAX_LOCATOR } from '../wire/limits.js'
import { protocolVersions } from '../wire/versions.js'

/** What a remote can do against the rules of the conversation, by stable code; faults of bytes are in `wireFaults`. */
export const conversationFaults = {
  'message-before-version': 'a message came before the version message, which must precede all others',
  'unknown-before-version': 'a message that nobody knows came before the version message',
  'message-before-verack': 'a message other than those of the handshake came before verack',
  'unreadable-in-handshake': 'a message of the handshake could not be read',
  'unknown-bad-checksum': 'a message that nobody knows had a wrong checksum',
  'duplicate-version': 'a second version message',
  'duplicate-verack': 'a second verack',
  'late-sendaddrv2': 'sendaddrv2 after verack (BIP155)',
  'late-wtxidrelay': 'wtxidrelay after verack (BIP339)',
  'untimely-sendaddrv2': 'sendaddrv2 although the negotiated version is below 70016 (BIP155)',
  'bad-fee-rate': 'a feefilter below 0 or above all money that there is (BIP133)',
  'obsolete-version': 'the protocol version of the remote is older than we speak',
  'self-connection': 'the nonce of the remote is one of ours: we talk to ourselves',
  'version-rejected': '`acceptVersion` refused the version message',
  'missing-services': 'the remote does not offer all of `requiredServices`',
  'bloom-not-offered':
    'a message for nodes with NODE_BLOOM, which we are not, from protocol version 70011 on (BIP111)',
  'bloom-not-offered-old': 'the same below 70011, where the flag did not exist',
} as const satisfies Record<string, string>

/** The code of a fault in the conversation. */
export type ConversationFault = keyof typeof conversationFaults

/** Faults after which a byte stream is out of step: they close at once under every policy. */
export type FatalFault = 'wrong-magic' | 'oversized-frame' | 'truncated-frame'

/** Everything that a policy decides about. */
export type Violation = Exclude<WireErrorCode, FatalFault> | ConversationFault

/**
 * What follows from a violation:
 * - `ignore`: the message is handled as if nothing were wrong, as far as it can be read
 * - `drop`: the message is not delivered, the peer stays; a version message that is dropped has not come
 * - `reject`: a reject message is sent where the remote knows it (70002), then the connection is closed
 * - `disconnect`: the connection is closed
 */
export type Action = 'ignore' | 'drop' | 'reject' | 'disconnect'

/** How to treat violations, as data. Make your own by spreading one of the two and changing rows. */
export interface Policy {
  /** For people. */
  readonly name: string
  /** Lowest protocol version that is spoken with. */
  readonly minProtocolVersion: number
  /** ms from the open connection to the end of the handshake. */
  readonly handshakeTimeout: number
  /** ms without a whole message before closing. */
  readonly idleTimeout: number
  /** ms to wait for a pong before closing; `undefined` waits for ever. */
  readonly pingTimeout: number | undefined
  /** Hashes that the locator of getheaders and getblocks may have; more are `too-many`. */
  readonly maxLocator: number
  /** What follows from each offence. */
  readonly actions: Readonly<Record<Violation, Action>>
}

const messageFaults = Object.keys(wireFaults).filter(
  code => code !== 'wrong-magic' && code !== 'oversized-frame' && code !== 'truncated-frame',
) as Exclude<WireErrorCode, FatalFault>[]

function forAllMessages(action: Action): Record<Exclude<WireErrorCode, FatalFault>, Action> {
  const actions: Partial<Record<WireErrorCode, Action>> = {}
  for (const code of messageFaults) actions[code] = action
  return actions as Record<Exclude<WireErrorCode, FatalFault>, Action>
}

/** The strict manners of btcd, the default: a message that cannot be read is answered with reject and disconnected. */
export const btcdPolicy: Policy = {
  name: 'btcd',
  minProtocolVersion: protocolVersions.multipleAddress,
  handshakeTimeout: 30_000,
  idleTimeout: IDLE_TIMEOUT,
  pingTimeout: undefined,
  maxLocator: MAX_LOCATOR,
  actions: {
    ...forAllMessages('reject'),
    // To btcd a command is any UTF-8: an odd one is just a message that nobody knows.
    'bad-command': 'ignore',
    'message-before-version': 'reject',
    'unknown-before-version': 'disconnect',
    'message-before-verack': 'disconnect',
    'unreadable-in-handshake': 'disconnect',
    'unknown-bad-checksum': 'ignore',
    'duplicate-version': 'reject',
    'duplicate-verack': 'reject',
    'late-sendaddrv2': 'disconnect',
    // btcd does not know the message and ignores it; we speak it, so its misuse is what BIP339 says.
    'late-wtxidrelay': 'disconnect',
    'untimely-sendaddrv2': 'disconnect',
    'bad-fee-rate': 'disconnect',
    'obsolete-version': 'reject',
    'self-connection': 'disconnect',
    'version-rejected': 'reject',
    'missing-services': 'reject',
    'bloom-not-offered': 'disconnect',
    // As BIP111 says; btcd's own server closes here too, which is this row as `disconnect`.
    'bloom-not-offered-old': 'drop',
  },
}

/** The patient manners of Bitcoin Core 28: what cannot be read is dropped, and only few offences close. */
export const corePolicy: Policy = {
  name: 'core',
  minProtocolVersion: protocolVersions.headers,
  handshakeTimeout: 60_000,
  idleTimeout: 1_200_000,
  pingTimeout: CORE_PING_TIMEOUT,
  maxLocator: CORE_MAX_LOCATOR,
  actions: {
    ...forAllMessages('drop'),
    'trailing-bytes': 'ignore',
    'oversized-payload': 'ignore',
    'unsupported-version': 'ignore',
    'too-many': 'disconnect',
    'message-before-version': 'drop',
    'unknown-before-version': 'drop',
    'message-before-verack': 'drop',
    'unreadable-in-handshake': 'drop',
    'unknown-bad-checksum': 'drop',
    'duplicate-version': 'drop',
    'duplicate-verack': 'drop',
    'late-sendaddrv2': 'disconnect',
    'late-wtxidrelay': 'disconnect',
    'untimely-sendaddrv2': 'ignore',
    // The last valid one stays.
    'bad-fee-rate': 'drop',
    'obsolete-version': 'disconnect',
    'self-connection': 'disconnect',
    'version-rejected': 'disconnect',
    'missing-services': 'disconnect',
    'bloom-not-offered': 'disconnect',
    'bloom-not-offered-old': 'disconnect',
  },
}
