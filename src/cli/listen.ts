import { catchError, mergeMap, tap } from 'rxjs'
import { acceptEach } from '../peer/accept-each.js'
import { TransportError } from '../stream/connection.js'
import { listen as listenTcp } from '../transport/listen.js'
import { mainnet } from '../wire/network.js'
import { type Command, LINGER } from './command.js'
import { endpointText } from './events.js'
import { faultText } from './fault.js'
import { fetchAnnounced } from './fetch.js'
import { peerOptionNames, peerOptions } from './peer-options.js'
import { Failure } from './usage.js'

export const listen: Command = {
  direction: 'inbound',
  summary: 'accept nodes that connect and print what they say',
  operands: [],
  options: ['host', 'port', 'fetch', ...peerOptionNames],
  details: [
    'A peer that fails is told like all else and ends nothing; only a port that cannot be had is a failure.',
  ],
  prepare: settings => {
    const { network = mainnet, host = '127.0.0.1', port = network.defaultPort, fetch = false } = settings
    return ({ roster, tell }) => {
      const connections$ = listenTcp({
        host,
        port,
        linger: LINGER,
        listening: endpoint => tell({ event: 'listening', endpoint }),
      })
      return connections$.pipe(
        acceptEach({
          ...peerOptions(settings),
          network,
          traffic: roster.traffic,
          failed: error => roster.failed(error),
        }),
        tap(peer => roster.ready(peer)),
        mergeMap(peer =>
          peer.messages$.pipe(
            tap(message => {
              if (fetch) fetchAnnounced(peer, message)
            }),
          ),
        ),
        catchError((error: unknown) => {
          if (!(error instanceof TransportError)) throw error
          const { code, message: reason, cause } = error
          throw new Failure(
            `cannot listen at ${endpointText({ host, port })}: ${faultText({ code, reason, cause })}`,
          )
        }),
      )
    }
  },
}
