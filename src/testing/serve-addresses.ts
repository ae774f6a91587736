import { EMPTY, filter, map, take } from 'rxjs'
import { choose } from '../peer/push/addresses.js'
import { MAX_ADDR } from '../wire/limits.js'
import type { Message } from '../wire/messages.js'
import { NetworkId } from '../wire/netaddress.js'
import type { Service } from './service.js'

/** The networks that addr has a form for. */
const ofAddr: ReadonlySet<number> = new Set([NetworkId.ipv4, NetworkId.ipv6])

/**
 * Answers the first getaddr of a peer that opened the connection, as Core does: with addrv2 where that was agreed on
 * (BIP155), else with the IPv4 and IPv6 addresses in an addr. At most 1000, of more a random choice; silent where there
 * are none.
 */
export const serveAddresses: Service =
  (_, { addresses }) =>
  ({ on, direction, features, random }) =>
    direction === 'outbound'
      ? EMPTY
      : on('getaddr').pipe(
          take(1),
          map((): Message & { readonly command: 'addr' | 'addrv2' } =>
            features.addrV2
              ? { command: 'addrv2', addresses: choose(addresses, MAX_ADDR, random) }
              : {
                  command: 'addr',
                  addresses: choose(
                    addresses.filter(({ networkId }) => ofAddr.has(networkId)),
                    MAX_ADDR,
                    random,
                  ),
                },
          ),
          filter(message => message.addresses.length > 0),
        )
