import { NEVER, of, tap } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { consume } from '../../src/peer/consume.js'
import { getBlocks } from '../../src/requests/get-blocks.js'
import { buildBlocks } from '../../src/testing/build.js'
import { virtualTime } from '../../src/testing/virtual-time.js'
import { toHex } from '../../src/wire/hex.js'
import type { Message } from '../../src/wire/messages.js'
import { converse } from '../support/conversation.js'

const blocks = buildBlocks(8)
const hashes = blocks.map(({ hash }) => hash)
const byHash = new Map(blocks.map(block => [toHex(block.hash), block]))

/** A peer whose handlers may hold 10,000 bytes, of a remote that serves blocks and pings, so that it is never idle. */
function served() {
  const time = virtualTime()
  const { scheduler, clock } = time
  const { peer, said, written } = converse({ scheduler, clock, memoryLimit: 40_000 })
  const answer = (message: Message) => {
    if (message.command !== 'getdata') return
    for (const { hash } of message.inventory) {
      const block = byHash.get(toHex(hash))
      if (block !== undefined) said.next({ command: 'block', block })
    }
  }
  return {
    peer,
    scheduler,
    /** Seconds go by, and all that is asked is answered. */
    pass: (seconds: number) => {
      for (let i = 0; i < seconds; i += 1) {
        said.next({ command: 'ping', nonce: BigInt(i) })
        written.splice(0).forEach(answer)
        time.advance(1_000)
      }
    },
  }
}

const options = { window: 2, timeout: 30_000 }

describe('a request whose own subscriber holds', () => {
  it('ends with a type where it lets go, and somebody else holds so much that nothing more can be asked for', () => {
    const { peer, pass } = served()
    const log: string[] = []
    // As a handler that asks for what it needs does, and holds its own message until it has that.
    peer.hold(9_900)
    getBlocks(peer, hashes, options)
      .pipe(consume(peer, of, { bytes: () => 300 }))
      .subscribe({
        next: () => log.push('block'),
        error: ({ code }) => log.push(code),
        complete: () => log.push('complete'),
      })
    pass(100)
    expect(log.at(-1)).toBe('timeout')
    expect(log.length).toBeGreaterThan(1)
  })

  it('waits for it as long as it takes, and blames nobody', () => {
    const { peer, pass } = served()
    const log: string[] = []
    const emitted: string[] = []
    const request = getBlocks(peer, hashes, options)
      .pipe(
        tap(({ hash }) => emitted.push(toHex(hash))),
        consume(peer, () => NEVER, { bytes: () => 6_000, concurrency: 8 }),
      )
      .subscribe({ error: ({ code }) => log.push(code) })
    pass(200)
    expect(log).toEqual([])
    expect(emitted).toHaveLength(2)
    request.unsubscribe()
    expect(peer.stats().memory.held).toBe(0)
  })

  it('goes on where it lets go, though others hold on: what was asked for is there', () => {
    const { peer, pass } = served()
    const emitted: string[] = []
    const releases: (() => void)[] = []
    const others = peer.hold(8_000)
    getBlocks(peer, hashes.slice(0, 2), options).subscribe(({ hash }) => {
      emitted.push(toHex(hash))
      releases.push(peer.hold(3_000))
    })
    pass(1)
    expect(emitted).toHaveLength(1)
    releases[0]?.()
    expect(emitted).toHaveLength(2)
    others()
  })
})
