import { filter, map } from 'rxjs'
import type { Behavior } from '../behaviors/behavior.js'
import { type Message, messageTypes } from '../wire/messages.js'
import { announceBlocks } from './announce-blocks.js'
import type { Ledger } from './ledger.js'
import { relayTransactions } from './relay-transactions.js'
import { serveAddresses } from './serve-addresses.js'
import { serveBlocks } from './serve-blocks.js'
import { serveCompactBlocks } from './serve-compact-blocks.js'
import { serveData } from './serve-data.js'
import { serveFilters } from './serve-filters.js'
import { serveHeaders } from './serve-headers.js'
import { serveMempool } from './serve-mempool.js'
import type { Offer, Service } from './service.js'
import { takeBlocks } from './take-blocks.js'
import { takeBloomFilters } from './take-bloom-filters.js'

/** All that an embedded node does for its peers. A new service is a file and a row here. */
const services = {
  serveHeaders,
  serveBlocks,
  serveData,
  serveMempool,
  serveFilters,
  serveCompactBlocks,
  serveAddresses,
  announceBlocks,
  takeBlocks,
  takeBloomFilters,
  relayTransactions,
} as const satisfies Record<string, Service>

/** Names of what an embedded node does for its peers. */
export type ServiceName = keyof typeof services

/** What a peer of an old version does not know is not sent to it, instead of closing it with an error. */
function forItsVersion(behavior: Behavior): Behavior {
  return context => {
    const isKnown = ({ command }: Message) =>
      command === 'unknown' || messageTypes[command].minVersion <= context.protocolVersion
    function* known(answers: Iterable<Message>): Generator<Message> {
      for (const answer of answers) if (isKnown(answer)) yield answer
    }
    return behavior(context).pipe(
      filter(answer => !('command' in answer) || isKnown(answer)),
      map(answer => ('command' in answer ? answer : known(answer))),
    )
  }
}

/** The services of a node as behaviors, by name. */
export function serviceBehaviors(ledger: Ledger, offer: Offer): { readonly [name: string]: Behavior } {
  return Object.fromEntries(
    Object.entries(services).map(([name, service]: [string, Service]) => [
      name,
      forItsVersion(service(ledger, offer)),
    ]),
  )
}
