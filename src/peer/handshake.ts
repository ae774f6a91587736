import type { PeerDirection } from '../behaviors/behavior.js'
import { RejectCode, type RejectMessage } from '../wire/messages/reject.js'
import type { VersionMessage } from '../wire/messages/version.js'
import { type KnownMessage, type Message, messageTypes } from '../wire/messages.js'
import { hasServices, serviceNames } from '../wire/services.js'
import { protocolVersions } from '../wire/versions.js'
import type { ConversationFault } from './policy.js'
import type { Rejection } from './rejections.js'

/** What our side asks of a version message. */
export interface Demands {
  /** Lowest protocol version that we speak. */
  readonly minProtocolVersion: number
  /** What the remote has to offer. */
  readonly requiredServices: bigint
}

/** What is wrong with a version message, and what the remote is told of it. */
export interface Refusal {
  readonly fault: ConversationFault
  readonly rejection?: Rejection | undefined
}

/** What was found out about a version message outside of the conversation. */
export interface Judgement {
  /** Its nonce is one of ours. */
  readonly isOwn: boolean
  /** What `acceptVersion` answered. */
  readonly rejection: RejectMessage | undefined
}

/** Why a remote is refused, the first reason in the order of the references; `undefined` where it is not. */
export function refusalOf(
  remote: VersionMessage,
  { isOwn, rejection }: Judgement,
  { minProtocolVersion, requiredServices }: Demands,
): Refusal | undefined {
  if (isOwn) return { fault: 'self-connection' }
  if (rejection !== undefined) return { fault: 'version-rejected', rejection }
  if (remote.protocolVersion < minProtocolVersion) {
    return {
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
      fault: 'missing-services',
      rejection: {
        rejected: 'version',
        code: RejectCode.nonstandard,
        reason: `required services not offered: ${missing}`,
      },
    }
  }
  return undefined
}

/** Both references announce features from 70016 on only, and before verack (BIP155, BIP339). */
const features: readonly Message[] = [{ command: 'wtxidrelay' }, { command: 'sendaddrv2' }]
const nothing: readonly Message[] = []

/** What follows an accepted version message, behind our own version where that is not out yet. */
export function answersTo(protocolVersion: number): readonly Message[] {
  return [...(protocolVersion >= protocolVersions.wtxidRelay ? features : nothing), { command: 'verack' }]
}

/** What is wrong with a message between version and verack; features that we do not speak are no offence. */
export function faultBeforeVerack(
  { command }: KnownMessage,
  protocolVersion: number,
): ConversationFault | undefined {
  if (command === 'sendaddrv2' && protocolVersion < protocolVersions.wtxidRelay) return 'untimely-sendaddrv2'
  return command !== 'version' && messageTypes[command].direction === 'handshake'
    ? undefined
    : 'message-before-verack'
}

/**
 * Who says what, and when:
 *
 * ```
 * outbound  version →          ← version   (wtxidrelay sendaddrv2) verack →   ← (wtxidrelay sendaddrv2) verack
 * inbound   ← version   version (wtxidrelay sendaddrv2) verack →               ← (wtxidrelay sendaddrv2) verack
 * ```
 */
export function speaksFirst(direction: PeerDirection): boolean {
  return direction === 'outbound'
}
