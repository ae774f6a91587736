import type { Command, Message } from '../wire/messages.js'
import { hasServices, Services } from '../wire/services.js'
import { protocolVersions } from '../wire/versions.js'
import type { ConversationFault } from './policy.js'

/** Messages that belong to the handshake, and what they are once it is over. */
const ofHandshake: Readonly<Partial<Record<Command, ConversationFault>>> = {
  version: 'duplicate-version',
  verack: 'duplicate-verack',
  sendaddrv2: 'late-sendaddrv2',
  wtxidrelay: 'late-wtxidrelay',
}

/** Messages that only a node with NODE_BLOOM takes (BIP111, BIP35). */
const ofBloom: ReadonlySet<Command> = new Set(['filterload', 'filteradd', 'filterclear', 'mempool'])

/** What we are, as far as it decides over what may be sent to us. */
export interface GateConfig {
  /** What we offer. */
  readonly services: bigint
  /** Negotiated protocol version. */
  readonly protocolVersion: number
}

/** What is wrong with a message after the handshake, for all that its bytes are right; `undefined` where nothing is. */
export function gate(
  { command }: Message,
  { services, protocolVersion }: GateConfig,
): ConversationFault | undefined {
  const late = ofHandshake[command]
  if (late !== undefined) return late
  if (!ofBloom.has(command) || hasServices(services, Services.bloom)) return undefined
  return protocolVersion >= protocolVersions.bip111 ? 'bloom-not-offered' : 'bloom-not-offered-old'
}
