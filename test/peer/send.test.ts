import { config, EMPTY, NEVER, of, Subject, throwError } from 'rxjs'
import { afterEach, describe, expect, it } from 'vitest'
import { WireError } from '../../src/wire/error.js'
import type { Message } from '../../src/wire/messages.js'
import { toPlain } from '../../src/wire/messages.js'
import { Transaction } from '../../src/wire/transaction.js'
import { converse } from '../support/conversation.js'

afterEach(() => {
  config.onUnhandledError = null
})

const getaddr: Message = { command: 'getaddr' }

/** Takes writes only when told. */
function slowTransport() {
  const waiting: (() => void)[] = []
  return {
    taking: (written: () => void) => waiting.push(written),
    takeNext: () => waiting.shift()?.(),
    waiting,
  }
}

/** A conversation over a slow transport, the handshake through. */
function slowConversation(options: Parameters<typeof converse>[0] = {}) {
  const transport = slowTransport()
  const conversation = converse(options, { taking: transport.taking })
  while (transport.waiting.length > 0) transport.takeNext()
  return { ...conversation, ...transport }
}

describe('send', () => {
  it('is eager: nobody has to subscribe', () => {
    const { peer, written } = converse()
    peer.send(getaddr)
    expect(written.at(-1)).toEqual(getaddr)
  })

  it('SD1 settles true when the message was really written, not when it was queued', () => {
    const { peer, takeNext } = slowConversation()
    const settled: boolean[] = []
    peer.send(getaddr).subscribe(written => settled.push(written))
    expect(settled).toEqual([])
    takeNext()
    expect(settled).toEqual([true])
  })

  it('replays its result to whoever subscribes late', () => {
    const { peer } = converse()
    const result$ = peer.send(getaddr)
    const settled: unknown[] = []
    result$.subscribe({ next: written => settled.push(written), complete: () => settled.push('complete') })
    expect(settled).toEqual([true, 'complete'])
  })

  it('SD1 keeps the order', () => {
    const { peer, written } = converse()
    const before = written.length
    for (let nonce = 0n; nonce < 20n; nonce += 1n) peer.send({ command: 'ping', nonce })
    expect(written.slice(before).map(message => message.command === 'ping' && message.nonce)).toEqual(
      Array.from({ length: 20 }, (_, i) => BigInt(i)),
    )
  })

  it('throws a WireError at the call for a message that cannot be encoded, and the peer lives on', () => {
    const { peer, log } = converse()
    const bad: Message = { command: 'inv', inventory: [{ type: 1, hash: new Uint8Array(31) }] }
    expect(() => peer.send(bad)).toThrow(WireError)
    expect(() => peer.send({ command: 'ping', nonce: -1n })).toThrow(WireError)
    expect(log).toEqual(['peer'])
  })

  it('throws for a message that does not exist at the negotiated version', () => {
    const { peer } = converse({ protocolVersion: 70011 })
    expect(() => peer.send({ command: 'sendheaders' })).toThrow(
      expect.objectContaining({ code: 'unsupported-version' }),
    )
  })

  it('SD1 SD3 settles false for what was not written before the end, and at once afterwards', () => {
    const { peer, said } = slowConversation()
    const settled: boolean[] = []
    peer.send(getaddr).subscribe(written => settled.push(written))
    said.complete()
    peer.send(getaddr).subscribe(written => settled.push(written))
    expect(settled).toEqual([false, false])
  })

  it('SD2 sends transactions with their witness, or without where asked', () => {
    const tx = Transaction.from({
      version: 2,
      inputs: [
        {
          outpoint: { txid: new Uint8Array(32).fill(1), index: 0 },
          scriptSig: new Uint8Array(0),
          sequence: 0xffffffff,
          witness: [Uint8Array.of(0x51)],
        },
      ],
      outputs: [{ value: 1000n, scriptPubKey: Uint8Array.of(0x51) }],
      lockTime: 0,
    })
    const { peer, written } = converse()
    peer.send({ command: 'tx', transaction: tx })
    peer.send({ command: 'tx', transaction: tx }, { witness: false })
    const [witness, stripped] = written.slice(-2).map(message => toPlain(message))
    expect(witness).toMatchObject({ transaction: { inputs: [{ witness: ['51'] }] } })
    expect(stripped).toMatchObject({ transaction: { inputs: [{ witness: [] }] } })
  })

  it('closes with send-queue-full past the limit, and not before', () => {
    // A ping is 32 bytes on the wire, and its objects take 116 more.
    const { peer, log } = slowConversation({ sendQueueLimit: 16 * (32 + 116) })
    const settled: boolean[] = []
    for (let nonce = 0n; nonce < 16n; nonce += 1n) {
      peer.send({ command: 'ping', nonce }).subscribe(written => settled.push(written))
    }
    expect(log).toEqual(['peer'])
    peer.send({ command: 'ping', nonce: 17n }).subscribe(written => settled.push(written))
    expect(log).toEqual(['peer', 'error send-queue-full'])
    expect(settled).toEqual(Array(17).fill(false))
  })

  it('sent$ shows messages when they are written, replies included', () => {
    const { peer, said, takeNext } = slowConversation()
    const sent: string[] = []
    peer.sent$.subscribe(({ command }) => sent.push(command))
    said.next({ command: 'ping', nonce: 1n })
    expect(sent).toEqual([])
    takeNext()
    expect(sent).toEqual(['pong'])
  })
})

describe('outbound', () => {
  it('sends what streams emit, and outlives their completion', () => {
    const { peer, written } = converse()
    of(getaddr).subscribe(peer.outbound)
    EMPTY.subscribe(peer.outbound)
    of(getaddr).subscribe(peer.outbound)
    expect(written.slice(-2)).toEqual([getaddr, getaddr])
  })

  it('reports an error of a source to its owner and lives on', async () => {
    const { peer, written, log } = converse()
    const bug = new RangeError('of the source')
    const reported = new Promise(resolve => {
      config.onUnhandledError = resolve
    })
    throwError(() => bug).subscribe(peer.outbound)
    expect(await reported).toBe(bug)
    of(getaddr).subscribe(peer.outbound)
    expect(written.at(-1)).toEqual(getaddr)
    expect(log).toEqual(['peer'])
  })

  it('reports a message that cannot be encoded and goes on with the next', async () => {
    const { peer, written } = converse()
    const reported = new Promise(resolve => {
      config.onUnhandledError = resolve
    })
    const source = new Subject<Message>()
    source.subscribe(peer.outbound)
    source.next({ command: 'ping', nonce: -1n })
    source.next(getaddr)
    expect(await reported).toBeInstanceOf(WireError)
    expect(written.at(-1)).toEqual(getaddr)
    NEVER.subscribe(peer.outbound).unsubscribe()
  })
})
