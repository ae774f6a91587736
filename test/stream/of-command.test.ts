import { Observable, of, Subject, type Subscription, take } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { byCommand, ofCommand } from '../../src/stream/of-command.js'
import type { Message } from '../../src/wire/messages.js'
import { converse } from '../support/conversation.js'

const ping: Message = { command: 'ping', nonce: 1n }
const pong: Message = { command: 'pong', nonce: 2n }
const inv: Message = { command: 'inv', inventory: [] }

/** What a stream does, one word an event. */
function logOf(stream$: Observable<{ readonly command: string }>): {
  log: string[]
  subscription: Subscription
} {
  const log: string[] = []
  const subscription = stream$.subscribe({
    next: ({ command }) => log.push(command),
    error: error => log.push(`error ${error.message}`),
    complete: () => log.push('complete'),
  })
  return { log, subscription }
}

describe('ofCommand', () => {
  it('passes the messages of its commands in their order, and completes with the source', () => {
    const source$ = of(inv, ping, pong, inv, ping)
    expect(logOf(source$.pipe(ofCommand('inv', 'pong'))).log).toEqual(['inv', 'pong', 'inv', 'complete'])
  })

  it('passes errors of the source on', () => {
    const source$ = new Subject<Message>()
    const { log } = logOf(source$.pipe(ofCommand('ping')))
    source$.next(ping)
    source$.error(new Error('broken'))
    expect(log).toEqual(['ping', 'error broken'])
  })

  it('says nothing while the source does not', () => {
    const source$ = new Subject<Message>()
    const { log } = logOf(source$.pipe(ofCommand('ping')))
    source$.next(pong)
    expect(log).toEqual([])
    expect(source$.observed).toBe(true)
  })

  it('leaves the source when it is left', () => {
    const source$ = new Subject<Message>()
    const { log, subscription } = logOf(source$.pipe(ofCommand('ping')))
    subscription.unsubscribe()
    source$.next(ping)
    expect(log).toEqual([])
    expect(source$.observed).toBe(false)
    const first = logOf(source$.pipe(ofCommand('ping'), take(1)))
    source$.next(ping)
    expect(first.log).toEqual(['ping', 'complete'])
    expect(source$.observed).toBe(false)
  })

  it('can be entered again by what it calls', () => {
    const source$ = new Subject<Message>()
    const log: string[] = []
    source$.pipe(ofCommand('ping', 'pong')).subscribe(({ command }) => {
      log.push(command)
      if (command === 'ping') source$.next(pong)
    })
    source$.next(ping)
    expect(log).toEqual(['ping', 'pong'])
  })

  it('asks a stream that can tell commands apart for these alone', () => {
    const asked: string[] = []
    const all$ = new Observable<Message>(() => {
      asked.push('all')
    })
    const indexed$ = Object.assign(all$, {
      [byCommand]: (command: string) => {
        asked.push(command)
        return new Subject<never>()
      },
    })
    logOf(indexed$.pipe(ofCommand('inv', 'tx')))
    expect(asked).toEqual(['inv', 'tx'])
  })

  it('takes a command that is named twice for one', () => {
    const { peer, said } = converse()
    const { log } = logOf(peer.messages$.pipe(ofCommand('inv', 'inv')))
    said.next(inv)
    expect(log).toEqual(['inv'])
  })

  it('does the same on a peer', () => {
    const { peer, said } = converse()
    const { log } = logOf(peer.messages$.pipe(ofCommand('inv', 'pong')))
    for (const message of [inv, ping, pong, inv]) said.next(message)
    peer.disconnect()
    expect(log).toEqual(['inv', 'pong', 'inv', 'complete'])
  })
})
