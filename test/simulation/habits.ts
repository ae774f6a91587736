import { map } from 'rxjs'
import type { Behavior } from '../../src/behaviors/behavior.js'
import { buildAddress } from '../../src/testing/build.js'
import type { Message } from '../../src/wire/messages.js'

const addresses = Array.from({ length: 30 }, (_, i) => buildAddress(`1.2.3.${i + 1}`))

/** Whose dice say when behaviors fail. */
export interface Fate {
  mayThrow(where: string): void
}

/** Answers for each entry of getdata. */
export const SERVED = 4

/** Behaviors that serve, at any length, and sometimes fail. */
export function behaviorsOf(world: Fate): { readonly [name: string]: Behavior } {
  function* served(count: number): Generator<Message> {
    for (let i = 0; i < count; i += 1) {
      world.mayThrow('an iterable')
      yield { command: 'unknown', name: 'served', payload: new Uint8Array(100 * i) }
    }
  }
  const serveData: Behavior = ({ on }) =>
    on('getdata').pipe(map(({ inventory }) => served(SERVED * inventory.length)))
  const serveAddresses: Behavior = ({ on }) =>
    on('getaddr').pipe(
      map(() => {
        world.mayThrow('a behavior')
        return { command: 'addr', addresses }
      }),
    )
  return { serveData, serveAddresses }
}
