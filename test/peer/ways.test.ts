import { firstValueFrom, type Subject, Subscription } from 'rxjs'
import { afterEach, expect, it } from 'vitest'
import { accept } from '../../src/peer/accept.js'
import { createNonces } from '../../src/peer/nonces.js'
import { open } from '../../src/peer/open.js'
import type { Peer } from '../../src/peer/peer.js'
import { transactionOf } from '../../src/testing/index.js'
import { listen } from '../../src/transport/listen.js'
import { tcp } from '../../src/transport/tcp.js'
import { regtest } from '../../src/wire/network.js'

/** The files of `src` on the stack, the outermost first; what stands together counts once. */
function filesOnStack(): readonly string[] {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 200
  const stack = new Error('where are we').stack ?? ''
  Error.stackTraceLimit = limit
  const files = stack
    .split('\n')
    .map(line => /\/src\/((?:stream|peer|behaviors|transport|wire|requests)\/[\w-]+\.ts)/.exec(line)?.[1])
    .filter(file => file !== undefined)
    .reverse()
  return files.filter((file, i) => file !== files[i - 1])
}

const running = new Subscription()
afterEach(() => running.unsubscribe())
