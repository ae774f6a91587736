import { config, map, merge, Subscription } from 'rxjs'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { hear } from '../../src/behaviors/hear.js'
import { Delivery } from '../../src/peer/delivery.js'
import { byCommand, ofCommand } from '../../src/stream/of-command.js'
import type { Message } from '../../src/wire/messages.js'
import { converse } from '../support/conversation.js'

const ping = (nonce: bigint): Message => ({ command: 'ping', nonce })
const getaddr: Message = { command: 'getaddr' }

afterEach(() => {
  config.onUnhandledError = null
})

describe('delivery', () => {
  it('hands a message to the behaviors, then to on(command), then to messages$', () => {
    const order: string[] = []
    const { peer, said } = converse({
      behaviors: {
        watcher: ({ on, messages$ }) =>
          merge(on('ping').pipe(map(() => 'on')), messages$.pipe(map(() => 'all'))).pipe(
            map(where => {
              order.push(`behavior ${where}`)
              return getaddr
            }),
          ),
      },
    })
    peer.messages$.subscribe(() => order.push('messages$'))
    peer.messages$.pipe(ofCommand('ping')).subscribe(() => order.push('ofCommand'))
    peer.on('ping').subscribe(() => order.push('on'))
    said.next(ping(1n))
    expect(order).toEqual(['behavior on', 'behavior all', 'ofCommand', 'on', 'messages$'])
  })

  it('delivers each message once to each subscriber, in order', () => {
    const { peer, said } = converse()
    const seen: string[] = []
    peer.messages$.pipe(ofCommand('ping', 'getaddr')).subscribe(({ command }) => seen.push(command))
    for (const message of [ping(1n), getaddr, ping(2n)]) said.next(message)
    expect(seen).toEqual(['ping', 'getaddr', 'ping'])
  })

  it('starts a late subscriber with the next message, also when it subscribes inside a handler', () => {
    const { peer, said } = converse()
    const late: bigint[] = []
    const inner = new Subscription()
    peer.on('ping').subscribe(() => {
      inner.unsubscribe()
      peer.on('ping').subscribe(({ nonce }) => late.push(nonce))
      peer.messages$.pipe(ofCommand('ping')).subscribe(({ nonce }) => late.push(nonce))
      peer.messages$.subscribe(message => message.command === 'ping' && late.push(message.nonce))
    })
    said.next(ping(1n))
    expect(late).toEqual([])
    said.next(ping(2n))
    expect(late).toEqual([2n, 2n, 2n])
  })

  it('does not enter the loop twice: a reply that comes during a handler waits for the next turn', () => {
    const { peer, said } = converse({ behaviors: { pong: false } })
    const order: string[] = []
    peer.on('ping').subscribe(({ nonce }) => {
      order.push(`begin ${nonce}`)
      if (nonce === 1n) {
        said.next(ping(2n))
        said.next(ping(3n))
      }
      order.push(`end ${nonce}`)
    })
    peer.messages$.subscribe(message => message.command === 'ping' && order.push(`all ${message.nonce}`))
    said.next(ping(1n))
    expect(order).toEqual([
      ...['begin 1', 'end 1', 'all 1'],
      ...['begin 2', 'end 2', 'all 2'],
      ...['begin 3', 'end 3', 'all 3'],
    ])
  })

  it('finishes the message in hand after disconnect(), and delivers nothing more', () => {
    const { peer, said } = converse()
    const seen: string[] = []
    peer.on('ping').subscribe(() => {
      seen.push('first')
      said.next(ping(2n))
      peer.disconnect()
    })
    peer.on('ping').subscribe(() => seen.push('second'))
    peer.messages$.subscribe({ next: () => seen.push('all'), complete: () => seen.push('complete') })
    said.next(ping(1n))
    said.next(ping(3n))
    expect(seen).toEqual(['first', 'second', 'all', 'complete'])
  })

  it('delivers what nobody knows as unknown, with its bytes', () => {
    const { peer, said } = converse()
    const seen: unknown[] = []
    peer.on('unknown').subscribe(message => seen.push(message))
    said.next({ command: 'unknown', name: 'mystery', payload: Uint8Array.of(1, 2) })
    expect(seen).toEqual([{ command: 'unknown', name: 'mystery', payload: Uint8Array.of(1, 2) }])
  })

  it('survives a handler that throws; RxJS reports it to whoever listens', async () => {
    const { peer, said, written } = converse()
    const seen: string[] = []
    const bug = new RangeError('a bug of the user')
    const reported = new Promise(resolve => {
      config.onUnhandledError = resolve
    })
    peer.on('ping').subscribe(({ nonce }) => {
      if (nonce === 1n) throw bug
    })
    peer.messages$.subscribe(({ command }) => seen.push(command))
    said.next(ping(1n))
    said.next(ping(2n))
    expect(seen).toEqual(['ping', 'ping'])
    expect(written.filter(({ command }) => command === 'pong')).toHaveLength(2)
    expect(await reported).toBe(bug)
  })

  it('unsubscribing one handler touches no other', () => {
    const { peer, said } = converse()
    const one = vi.fn()
    const other = vi.fn()
    const subscription = peer.on('ping').subscribe(one)
    peer.on('ping').subscribe(other)
    said.next(ping(1n))
    subscription.unsubscribe()
    said.next(ping(2n))
    expect(one).toHaveBeenCalledTimes(1)
    expect(other).toHaveBeenCalledTimes(2)
  })

  it('completes streams that are asked for after the end', () => {
    const { peer, said } = converse()
    said.complete()
    const complete = vi.fn()
    peer.on('inv').subscribe({ complete })
    peer.on('ping').subscribe({ complete })
    peer.messages$.subscribe({ complete })
    peer.sent$.subscribe({ complete })
    expect(complete).toHaveBeenCalledTimes(4)
  })

  it('hands 30,000 messages of one chunk over without recursion', () => {
    const { peer, said } = converse({ behaviors: { pong: false } })
    let count = 0
    peer.on('unknown').subscribe(() => {
      count += 1
    })
    const one = { command: 'unknown', name: 'x', payload: new Uint8Array(0) } as const
    peer.on('getaddr').subscribe(() => {
      for (let i = 0; i < 30_000; i += 1) said.next(one)
    })
    said.next(getaddr)
    expect(count).toBe(30_000)
  })
})

describe('who hears messages without a subscription', () => {
  const voice = {
    error: (error: unknown) => {
      throw error
    },
  }
  const scene = () => {
    const delivery = new Delivery()
    const tell = (message: Message) => {
      delivery.begin()
      delivery.toBehaviors(message)
    }
    return { stream: delivery.behaviors, tell, delivery }
  }

  it('hears them in the same order as subscribers: those of a command first, then those who want all', () => {
    const { stream, tell } = scene()
    const order: string[] = []
    stream.subscribe(() => order.push('all, subscribed'))
    hear(stream, () => order.push('all, heard'), voice)
    hear(stream[byCommand]('ping'), () => order.push('ping, heard'), voice)
    stream[byCommand]('ping').subscribe(() => order.push('ping, subscribed'))
    tell(ping(1n))
    expect(order).toEqual(['ping, heard', 'ping, subscribed', 'all, subscribed', 'all, heard'])
    order.length = 0
    tell(getaddr)
    expect(order).toEqual(['all, subscribed', 'all, heard'])
  })

  it('starts with the message behind the one in hand, and hears nothing once it has left', () => {
    const { stream, tell } = scene()
    const heard: bigint[] = []
    const leave = hear(
      stream[byCommand]('ping'),
      ({ nonce }) => {
        heard.push(nonce)
        if (nonce === 1n)
          hear(stream, message => message.command === 'ping' && heard.push(-message.nonce), voice)
      },
      voice,
    )
    tell(ping(1n))
    tell(ping(2n))
    leave.unsubscribe()
    leave.unsubscribe()
    tell(ping(3n))
    expect(heard).toEqual([1n, 2n, -2n, -3n])
  })

  it('hears nothing behind the end', () => {
    const { stream, tell, delivery } = scene()
    let heard = 0
    hear(stream, () => (heard += 1), voice)
    hear(stream[byCommand]('ping'), () => (heard += 1), voice)
    delivery.complete()
    tell(ping(1n))
    hear(stream, () => (heard += 1), voice)
    hear(stream[byCommand]('ping'), () => (heard += 1), voice)
    tell(ping(2n))
    expect(heard).toBe(0)
  })
})
