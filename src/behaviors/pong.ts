import { EMPTY, map } from 'rxjs'
import { protocolVersions } from '../wire/versions.js'
import type { Behavior } from './behavior.js'

/** Answers every ping with its nonce; says nothing up to protocol version 60000, where pings have none (BIP31). */
export const pong: Behavior = ({ on, protocolVersion }) =>
  protocolVersion > protocolVersions.bip31
    ? on('ping').pipe(map(({ nonce }) => ({ command: 'pong', nonce })))
    : EMPTY
