import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, it } from 'vitest'
import { v1 } from '../../src/stream/v1.js'
import { frameOf } from '../../src/testing/scripted-remote.js'
import { regtest } from '../../src/wire/network.js'
import { remoteVersion } from '../support/conversation.js'

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

it('M9 neither a link at rest nor the version message that it has read keeps the chunk that it came in', async () => {
  const link = v1(regtest, { opened: () => {}, write: () => {} })
  const kept: unknown[] = []
  const reading = { protocolVersion: 70016, lenient: false, oversized: false, untimely: false }
  const read = (): WeakRef<ArrayBufferLike> => {
    const frame = frameOf(remoteVersion())
    const chunk = new Uint8Array(62_000)
    chunk.set(frame)
    link.push(chunk.subarray(0, frame.length))
    const inbound = link.next()
    if (inbound?.kind === 'received') kept.push(inbound.read(reading))
    expect(link.next()).toBeUndefined()
    return new WeakRef(chunk.buffer)
  }
  const chunk = read()
  // A weak reference lasts as long as the job that made it.
  await new Promise(resolve => setImmediate(resolve))
  collectGarbage()
  expect(kept).toMatchObject([{ command: 'version', userAgent: '/remote:1.0.0/' }])
  expect(link.waiting).toBe(0)
  expect(chunk.deref()).toBeUndefined()
})
