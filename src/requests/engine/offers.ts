import type { Peer } from '../../peer/peer.js'
import { hasServices, Services, serviceNames } from '../../wire/services.js'
import { RequestError } from '../request-error.js'

/** What a request takes: the services of any one of these sets. */
export type Need = readonly bigint[]

/**
 * Blocks: from whoever has all, or the last 288 of them (BIP159). There is no third kind: a full node has said `network`
 * in its version message since the first release, and who says nothing serves no chain.
 */
export const blocksNeed: Need = [Services.network, Services.networkLimited]

/** Compact filters (BIP157); Core closes on who asks others for them. */
export const filtersNeed: Need = [Services.compactFilters]

/** The error of a request that takes more than the remote offers; `undefined` where it offers enough. */
export function notOffered(
  { version: { services } }: Pick<Peer, 'version'>,
  need: Need,
): RequestError | undefined {
  if (need.length === 0 || need.some(wanted => hasServices(services, wanted))) return undefined
  const names = (set: bigint) => serviceNames(set).join(' and ') || 'none'
  return new RequestError(
    'not-offered',
    `this takes the service ${need.map(names).join(' or ')}, and the remote offers ${names(services)}`,
  )
}
