import type { Features, PeerDirection } from '../behaviors/behavior.js'
import type { RejectMessage } from '../wire/messages/reject.js'
import { RejectCode } from '../wire/messages/reject.js'
import type { VersionMessage } from '../wire/messages/version.js'
import { type KnownMessage, type Message, messageTypes } from '../wire/messages.js'
import { hasServices, serviceNames } from '../wire/services.js'
import { protocolVersions } from '../wire/versions.js'
import type { ConversationFault } from './policy.js'
import type { Rejection } from './rejections.js'

/** What the two sides know of each other once both have said verack. */
export interface Negotiated {
  /** The remote's version message. */
  readonly version: VersionMessage
  /** The smaller of both sides' versions. */
  readonly protocolVersion: number
  readonly features: Features
}

/** What follows from a message of the handshake. */
export type HandshakeStep =
  | { readonly kind: 'continue'; readonly send: readonly Message[] }
  | { readonly kind: 'done'; readonly negotiated: Negotiated }
  | {
      readonly kind: 'violation'
      readonly fault: ConversationFault
      readonly rejection?: Rejection | undefined
    }

/** What a handshake needs to know of us. */
export interface HandshakeConfig {
  readonly direction: PeerDirection
  /** Highest protocol version that we speak. */
  readonly protocolVersion: number
  /** Lowest protocol version that we speak. */
  readonly minProtocolVersion: number
  /** What the remote has to offer. */
  readonly requiredServices: bigint
  /** Our version message. */
  readonly version: VersionMessage
  /** Whether a nonce is one of ours. */
  isOwnNonce(nonce: bigint): boolean
  /** Looks at the remote's version; a reject message refuses it. */
  acceptVersion(version: VersionMessage): RejectMessage | undefined
}

const nothing: HandshakeStep = { kind: 'continue', send: [] }

/**
 * The handshake as a state machine without time and sockets: messages in, messages out.
 *
 * ```
 * outbound  version →          ← version   (wtxidrelay sendaddrv2) verack →   ← (wtxidrelay sendaddrv2) verack
 * inbound   ← version   version (wtxidrelay sendaddrv2) verack →               ← (wtxidrelay sendaddrv2) verack
 * ```
 */
export class Handshake {
  readonly #config: HandshakeConfig
  #remote: VersionMessage | undefined
  #protocolVersion: number
  #wtxidRelay = false
  #addrV2 = false

  constructor(config: HandshakeConfig) {
    this.#config = config
    this.#protocolVersion = config.protocolVersion
  }

  /** The version spoken now: our own until the remote's is known, then the smaller one. */
  get protocolVersion(): number {
    return this.#protocolVersion
  }

  /** What the remote announced so far. */
  get features(): Features {
    return { wtxidRelay: this.#wtxidRelay, addrV2: this.#addrV2 }
  }

  /** The remote's version message, once it is there. */
  get version(): VersionMessage | undefined {
    return this.#remote
  }

  /** What to send when the connection is there. */
  start(): readonly Message[] {
    return this.#config.direction === 'outbound' ? [this.#config.version] : []
  }

  /** Takes the remote's next message. */
  receive(message: Message): HandshakeStep {
    if (message.command === 'unknown') {
      return this.#remote ? nothing : { kind: 'violation', fault: 'unknown-before-version' }
    }
    if (this.#remote === undefined) {
      return message.command === 'version'
        ? this.#receiveVersion(message)
        : { kind: 'violation', fault: 'message-before-version' }
    }
    return this.#receiveAnswer(message, this.#remote)
  }

  #receiveVersion(remote: VersionMessage): HandshakeStep {
    const { direction, version, minProtocolVersion, requiredServices } = this.#config
    if (this.#config.isOwnNonce(remote.nonce)) return { kind: 'violation', fault: 'self-connection' }
    this.#remote = remote
    this.#protocolVersion = Math.min(this.#config.protocolVersion, remote.protocolVersion)

    const rejection = this.#config.acceptVersion(remote)
    if (rejection) return { kind: 'violation', fault: 'version-rejected', rejection }
    if (remote.protocolVersion < minProtocolVersion) {
      return {
        kind: 'violation',
        fault: 'obsolete-version',
        rejection: {
          rejected: 'version',
          code: RejectCode.obsolete,
          reason: `protocol version must be ${minProtocolVersion} or greater`,
        },
      }
    }
    if (!hasServices(remote.services, requiredServices)) {
      const missing = serviceNames(requiredServices & ~remote.services).join(', ')
      return {
        kind: 'violation',
        fault: 'missing-services',
        rejection: {
          rejected: 'version',
          code: RejectCode.nonstandard,
          reason: `required services not offered: ${missing}`,
        },
      }
    }
    // Both references send the two feature messages from 70016 on only, and before verack (BIP155, BIP339).
    const features: Message[] =
      this.#protocolVersion >= protocolVersions.wtxidRelay
        ? [{ command: 'wtxidrelay' }, { command: 'sendaddrv2' }]
        : []
    const own: Message[] = direction === 'inbound' ? [version] : []
    return { kind: 'continue', send: [...own, ...features, { command: 'verack' }] }
  }

  #receiveAnswer(message: KnownMessage, version: VersionMessage): HandshakeStep {
    const protocolVersion = this.#protocolVersion
    switch (message.command) {
      case 'verack':
        return {
          kind: 'done',
          negotiated: {
            version,
            protocolVersion,
            features: this.features,
          },
        }
      case 'wtxidrelay':
        this.#wtxidRelay = protocolVersion >= protocolVersions.wtxidRelay
        return nothing
      case 'sendaddrv2':
        this.#addrV2 = true
        return nothing
      default:
        // Features that we do not speak are announced here too; they are no offence.
        return message.command !== 'version' && messageTypes[message.command].direction === 'handshake'
          ? nothing
          : { kind: 'violation', fault: 'message-before-verack' }
    }
  }
}
