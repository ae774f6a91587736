import { Subscription } from 'rxjs'
import { protocolVersions } from '../wire/versions.js'
import type { Behavior } from './behavior.js'
import { habit } from './habit.js'
import { hear } from './hear.js'

/** Answers every ping with its nonce; says nothing up to protocol version 60000, where pings have none (BIP31). */
export const pong: Behavior = habit((context, voice) =>
  context.protocolVersion > protocolVersions.bip31
    ? hear(context.on('ping'), ({ nonce }) => voice.next({ command: 'pong', nonce }), voice)
    : Subscription.EMPTY,
)
