import { map } from 'rxjs'
import { describe, expect, it } from 'vitest'
import type { Behavior, PeerDirection } from '../../src/behaviors/behavior.js'
import type { PeerOptions } from '../../src/peer/options.js'
import type { Connection } from '../../src/stream/connection.js'
import { frameOf } from '../../src/testing/scripted-remote.js'
import { WireError } from '../../src/wire/error.js'
import type { Message } from '../../src/wire/messages.js'
import { converse } from '../support/conversation.js'

const getaddr: Message = { command: 'getaddr' }
const FRAME = 24
/** What a message that waits costs beside its frame. */
const COST = 116
/** Bytes that the transport is given at a time. */
const HANDED = 262_144

/** A message with so many bytes on the wire. */
const sized = (bytes: number, fill = 0): Message => ({
  command: 'unknown',
  name: 'sized',
  payload: new Uint8Array(bytes - FRAME).fill(fill),
})

/** A peer whose transport takes writes when the test says so, and what it was given. */
function sending(options: PeerOptions = {}, direction: PeerDirection = 'outbound') {
  const conversation = converse(options, { direction })
  const { connection } = conversation.remote
  const waiting: { readonly bytes: Uint8Array; readonly written: (() => void) | undefined }[] = []
  const given: Uint8Array[] = []
  const order: string[] = []
  let handed = 0
  let most = 0
  const write: Connection['write'] = (bytes, written) => {
    waiting.push({ bytes, written })
    given.push(Uint8Array.from(bytes))
    order.push(`write ${bytes.length}`)
    handed += bytes.length
    most = Math.max(most, handed)
  }
  const { close } = connection
  Object.assign(connection, {
    write,
    close: () => {
      order.push('close')
      close()
    },
  })
  const settled: string[] = []
  return {
    ...conversation,
    waiting,
    given,
    order,
    settled,
    /** Sends, and tells how it settles. */
    send: (message: Message, name: string) => {
      const result$ = conversation.peer.send(message)
      result$.subscribe({ next: result => settled.push(`${name} ${result}`) })
      return result$
    },
    take: (count = 1) => {
      for (let i = 0; i < count; i += 1) {
        const taken = waiting.shift()
        handed -= taken?.bytes.length ?? 0
        taken?.written?.()
      }
    },
    takeAll: () => {
      for (let taken = waiting.shift(); taken !== undefined; taken = waiting.shift()) {
        handed -= taken.bytes.length
        taken.written?.()
      }
    },
    handed: () => handed,
    most: () => most,
    memory: () => conversation.peer.stats().memory,
  }
}

describe('what waits to be written', () => {
  it('is counted with its frame and its objects, until all of it is taken', () => {
    const { send, take, takeAll, memory } = sending()
    send(getaddr, 'a')
    send(sized(100_000), 'b')
    expect(memory().send).toBe(FRAME + COST + 100_000 + COST)
    take()
    expect(memory().send).toBe(100_000 + COST)
    take()
    expect(memory().send).toBe(100_000 + COST)
    takeAll()
    expect(memory().send).toBe(0)
  })

  it('settles in the order in which it was sent, each when the last of its bytes is taken', () => {
    const { send, take, settled, waiting } = sending()
    send(sized(100), 'a')
    send(sized(100_000), 'b')
    send(sized(100), 'c')
    send(sized(100), 'd')
    expect(settled).toEqual([])
    take()
    expect(settled).toEqual(['a true'])
    // The first piece of b, then the rest of it.
    take()
    expect(settled).toEqual(['a true'])
    take()
    expect(settled).toEqual(['a true', 'b true'])
    while (waiting.length > 0) take()
    expect(settled).toEqual(['a true', 'b true', 'c true', 'd true'])
  })

  it('leaves in the same bytes, whatever pieces it is cut in', () => {
    const { send, takeAll, given } = sending()
    const messages = [24, 70_000, 30, 30, 65_536, 4_096, 4_095, 300_000, 24].map((size, i) =>
      sized(size, i + 1),
    )
    for (const message of messages) send(message, '')
    takeAll()
    expect(Buffer.concat(given).equals(Buffer.concat(messages.map(message => frameOf(message))))).toBe(true)
  })

  it('is told on sent$ in that order', () => {
    const { peer, send, takeAll } = sending()
    const sent: string[] = []
    peer.sent$.subscribe(message =>
      sent.push(message.command === 'unknown' ? `${sizeOf(message)}` : message.command),
    )
    send(sized(100_000), 'a')
    send(getaddr, 'b')
    send(sized(300_000), 'c')
    expect(sent).toEqual([])
    takeAll()
    expect(sent).toEqual(['100000', 'getaddr', '300000'])
  })
})

describe('the transport', () => {
  it('is given pieces of at most 65,536 bytes, and 262,144 at a time', () => {
    const { send, given, handed, most, take, takeAll } = sending()
    send(sized(1_000_000), 'a')
    expect(given.map(({ length }) => length)).toEqual([65_536, 65_536, 65_536, 65_536])
    expect(handed()).toBe(HANDED)
    take()
    expect(handed()).toBe(HANDED)
    takeAll()
    expect(most()).toBe(HANDED)
    expect(given.reduce((sum, { length }) => sum + length, 0)).toBe(1_000_000)
  })

  it.each([[[100, 65_536]], [[65_537, 4_000]], [[60_000]], [[24]], [[5_000, 70_000, 24]]])(
    'is never given more, with messages of %s bytes',
    sizes => {
      const { send, most, take, waiting, given } = sending()
      let sum = 0
      for (let i = 0; sum < 3 * HANDED; i += 1) {
        const size = sizes[i % sizes.length] ?? FRAME
        send(sized(size), `${i}`)
        sum += size
        if (i % 5 === 0) take()
      }
      while (waiting.length > 0) take()
      expect(most()).toBeLessThanOrEqual(HANDED)
      expect(most()).toBeGreaterThan(HANDED - 65_536)
      expect(given.reduce((all, { length }) => all + length, 0)).toBe(sum)
    },
  )

  it('is given a message at the call where it has room for it, and as it is', () => {
    const { send, given } = sending()
    send(sized(65_536), 'a')
    send(getaddr, 'b')
    expect(given.map(({ length }) => length)).toEqual([65_536, FRAME])
  })

  it('that takes at the call is no reason for another order', () => {
    const { peer, written } = converse()
    const before = written.length
    let more = 3
    peer.sent$.subscribe(() => {
      more -= 1
      if (more > 0) peer.send({ command: 'ping', nonce: BigInt(more) })
    })
    peer.send(getaddr)
    peer.send({ command: 'mempool' })
    expect(written.slice(before)).toEqual([
      getaddr,
      { command: 'ping', nonce: 2n },
      { command: 'ping', nonce: 1n },
      { command: 'mempool' },
    ])
  })

  it('has room when it has taken something: what is sent at that moment waits behind what waits', () => {
    const { peer, take, waiting, given } = sending()
    for (let i = 0; i < 4; i += 1) peer.send(sized(65_536))
    peer.send(sized(100_000))
    let sent = 0
    peer.sent$.subscribe(() => {
      sent += 1
      if (sent === 1) peer.send(getaddr)
    })
    while (waiting.length > 0) take()
    expect(sent).toBe(6)
    expect(Buffer.concat(given).subarray(-FRAME).equals(frameOf(getaddr))).toBe(true)
  })

  it('that throws where it should have taken bytes ends the peer', () => {
    const { peer, remote, log } = converse()
    const settled: boolean[] = []
    Object.assign(remote.connection, {
      write: () => {
        throw new RangeError('of the transport')
      },
    })
    peer.send(getaddr).subscribe(result => settled.push(result))
    expect(log).toEqual(['peer', 'error callback-failed'])
    expect(settled).toEqual([false])
  })

  it('that tells of a write after the end changes nothing', () => {
    const { peer, send, waiting, settled, memory } = sending()
    send(getaddr, 'a')
    peer.disconnect()
    expect(settled).toEqual(['a false'])
    waiting[0]?.written?.()
    expect(settled).toEqual(['a false'])
    expect(memory().send).toBe(0)
    expect(peer.stats().sent['getaddr']).toBeUndefined()
  })
})

describe('a message that cannot be sent', () => {
  it('M3 leaves no trace, however often it is tried', () => {
    const { peer, log, memory, send, takeAll, settled } = sending({ sendQueueLimit: 10 * (FRAME + COST) })
    for (let i = 0; i < 100; i += 1) {
      expect(() =>
        peer.send({ command: 'unknown', name: 'far too long a name', payload: new Uint8Array(0) }),
      ).toThrow(WireError)
      expect(() => peer.send({ command: 'ping', nonce: -1n })).toThrow(WireError)
    }
    expect(memory().send).toBe(0)
    for (let i = 0; i < 10; i += 1) send(getaddr, `${i}`)
    expect(log).toEqual(['peer'])
    takeAll()
    expect(settled).toEqual(Array.from({ length: 10 }, (_, i) => `${i} true`))
  })

  it('throws after the end too, as it did before', () => {
    const { peer } = sending()
    peer.disconnect()
    expect(() => peer.send({ command: 'ping', nonce: -1n })).toThrow(WireError)
  })
})

describe('sendQueueLimit', () => {
  it('M2 is true for 500,000 empty messages in one tick', () => {
    const { peer, log, memory } = sending()
    const fit = Math.floor((64 * 1024 * 1024) / (FRAME + COST))
    expect(fit).toBeLessThan(500_000)
    const settled: boolean[] = []
    for (let i = 0; i < 500_000; i += 1) {
      if (i === fit) {
        expect(log).toEqual(['peer'])
        expect(memory().send).toBe(fit * (FRAME + COST))
      }
      const result$ = peer.send(getaddr)
      if (i === 0 || i === fit - 1 || i === fit || i === 499_999)
        result$.subscribe(result => settled.push(result))
      if (i === fit) expect(log).toEqual(['peer', 'error send-queue-full'])
    }
    expect(settled).toEqual([false, false, false, false])
    expect(memory().send).toBe(0)
  })

  it('is kept to the byte', () => {
    for (const [bytes, code] of [
      [1_000, 'peer'],
      [1_001, 'error send-queue-full'],
    ] as const) {
      const { send, log } = sending({ sendQueueLimit: 3_000 + 2 * COST })
      send(sized(2_000), 'a')
      send(sized(bytes), 'b')
      expect(log.at(-1)).toBe(code)
    }
  })

  it('has room again as soon as a message is taken', () => {
    const { send, take, log } = sending({ sendQueueLimit: 1_000 + COST })
    for (let i = 0; i < 20; i += 1) {
      send(sized(1_000), `${i}`)
      take()
    }
    expect(log).toEqual(['peer'])
  })

  it('does not count what the remote makes us say', () => {
    const serve: Behavior = ({ on }) => on('getaddr').pipe(map(() => sized(10_000)))
    const { said, log, memory } = sending({ sendQueueLimit: 1_000, behaviors: { serve } }, 'inbound')
    for (let i = 0; i < 5; i += 1) said.next(getaddr)
    expect(log).toEqual(['peer'])
    // An answer is kept beside its frame, as two objects.
    expect(memory()).toMatchObject({ send: 0, reply: 5 * (2 * 10_000 + 200 + COST) })
  })
})

describe('the result of send', () => {
  it('is told to each who asks, at any time', () => {
    const { peer, takeAll } = sending()
    const result$ = peer.send(getaddr)
    const told: string[] = []
    const ask = (name: string) =>
      result$.subscribe({
        next: result => told.push(`${name} ${result}`),
        complete: () => told.push(`${name} |`),
      })
    ask('a')
    ask('b')
    takeAll()
    expect(told).toEqual(['a true', 'a |', 'b true', 'b |'])
    ask('c')
    peer.disconnect()
    ask('d')
    expect(told.slice(4)).toEqual(['c true', 'c |', 'd true', 'd |'])
  })

  it('is not told to who has unsubscribed', () => {
    const { peer, takeAll } = sending()
    const result$ = peer.send(getaddr)
    const told: string[] = []
    const first = result$.subscribe(() => told.push('first'))
    result$.subscribe(() => {
      told.push('second')
      third.unsubscribe()
    })
    const third = result$.subscribe(() => told.push('third'))
    const last = result$.subscribe(() => told.push('last'))
    first.unsubscribe()
    takeAll()
    expect(told).toEqual(['second', 'last'])
    expect(last.closed).toBe(true)
  })

  it('is false at the end for what is not taken, and true for what is', () => {
    const { peer, send, take, settled } = sending()
    send(getaddr, 'a')
    send(getaddr, 'b')
    take()
    peer.disconnect()
    send(getaddr, 'c')
    expect(settled).toEqual(['a true', 'b false', 'c false'])
  })

  it('comes before closed$, as the order of all ends has it', () => {
    const { peer, send, settled } = sending()
    send(getaddr, 'a')
    peer.closed$.subscribe(({ code }) => settled.push(code))
    peer.disconnect()
    expect(settled).toEqual(['a false', 'disconnected'])
  })

  it('may lead to more sends, which settle too', () => {
    const { peer, send, settled, takeAll } = sending()
    peer.send(getaddr).subscribe(() => send(getaddr, 'next'))
    takeAll()
    takeAll()
    expect(settled).toEqual(['next true'])
    const closing = sending()
    closing.peer.send(getaddr).subscribe(() => closing.send(getaddr, 'next'))
    closing.peer.disconnect()
    expect(closing.settled).toEqual(['next false'])
  })
})

describe('disconnect', () => {
  it('gives all that waits to the transport, and then closes it', () => {
    const { peer, send, order, given } = sending()
    send(sized(1_000_000), 'a')
    send(getaddr, 'b')
    peer.disconnect()
    expect(order.at(-1)).toBe('close')
    expect(given.reduce((sum, { length }) => sum + length, 0)).toBe(1_000_000 + FRAME)
    expect(order).toEqual([...given.map(({ length }) => `write ${length}`), 'close'])
  })

  it('does not where nothing of it would be read', () => {
    const { peer, said, send, given, order, remote } = sending()
    const ended: string[] = []
    remote.ended$.subscribe(how => ended.push(how))
    send(sized(1_000_000), 'a')
    said.complete()
    expect(given).toHaveLength(4)
    expect(order).not.toContain('close')
    expect(ended).toEqual(['abort'])
    expect(peer.stats().memory.send).toBe(0)
  })
})

function sizeOf(message: Message | undefined): number {
  return message?.command === 'unknown' ? FRAME + message.payload.length : FRAME
}
