import type { Command, Message } from '../wire/messages.js'
import { isMoney } from '../wire/money.js'
import { hasServices, Services } from '../wire/services.js'
import { protocolVersions } from '../wire/versions.js'
import type { Rules } from './conversation-state.js'
import type { ConversationFault, Violation } from './policy.js'

/** What decides over what may be sent to us: what we offer, and how long a locator may be. */
type GateRules = Pick<Rules, 'services' | 'policy'>

/** Messages that belong to the handshake, and what they are once it is over. */
const ofHandshake: Readonly<Partial<Record<Command, ConversationFault>>> = {
  version: 'duplicate-version',
  verack: 'duplicate-verack',
  sendaddrv2: 'late-sendaddrv2',
  wtxidrelay: 'late-wtxidrelay',
}

/** A message that only a node with NODE_BLOOM takes (BIP111, BIP35). */
function ofBloom({ services }: GateRules, protocolVersion: number): ConversationFault | undefined {
  if (hasServices(services, Services.bloom)) return undefined
  return protocolVersion >= protocolVersions.bip111 ? 'bloom-not-offered' : 'bloom-not-offered-old'
}

/** What is wrong with a message after the handshake, for all that its bytes are right; `undefined` where nothing is. */
export function gate(message: Message, rules: GateRules, protocolVersion: number): Violation | undefined {
  switch (message.command) {
    case 'filterload':
    case 'filteradd':
    case 'filterclear':
    case 'mempool':
      return ofBloom(rules, protocolVersion)
    case 'getheaders':
    case 'getblocks':
      return message.locator.length > rules.policy.maxLocator ? 'too-many' : undefined
    case 'feefilter':
      return isMoney(message.feeRate) ? undefined : 'bad-fee-rate'
    default:
      return ofHandshake[message.command]
  }
}
