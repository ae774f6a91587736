import { describe, expect, it } from 'vitest'
import { type CloseReason, closing } from '../../src/peer/close.js'
import { channelOf } from '../../src/peer/face.js'
import { type Question, Questions, type Take } from '../../src/peer/questions.js'
import { TransportError } from '../../src/stream/connection.js'
import type { Message } from '../../src/wire/messages.js'
import { converse } from '../support/conversation.js'
import { watch } from '../support/watch.js'

const pong: Message = { command: 'pong', nonce: 1n }
const getaddr: Message = { command: 'getaddr' }
const gone: CloseReason = closing('remote-closed', 'remote', 'over')

/** A question that always says the same, and what it was told. */
function question(name: string, take: Take, log: string[], then: () => void = () => {}): Question {
  return {
    take: ({ command }) => {
      log.push(`${name} ${command}`)
      then()
      return take
    },
    ended: ({ code }) => {
      log.push(`${name} ${code}`)
    },
  }
}

describe('questions', () => {
  it.each<[readonly Take[], boolean]>([
    [[], false],
    [['passed'], false],
    [['claimed'], true],
    [['shared'], false],
    [['passed', 'claimed'], true],
    [['claimed', 'passed'], true],
    [['claimed', 'claimed'], true],
    [['claimed', 'shared'], false],
    [['shared', 'claimed'], false],
  ])('%j: users are left out: %s', (takes, claimed) => {
    const questions = new Questions()
    const log: string[] = []
    takes.forEach((take, i) => {
      questions.ask(question(`${i}`, take, log))
    })
    expect(questions.claims(pong)).toBe(claimed)
    // Each hears of it, whatever the others say.
    expect(log).toEqual(takes.map((_, i) => `${i} pong`))
  })

  it('hear nothing more once they are closed, twice or in the middle of an answer', () => {
    const questions = new Questions()
    const log: string[] = []
    const closes: (() => void)[] = []
    const close = (i: number) => () => closes[i]?.()
    closes.push(questions.ask(question('a', 'passed', log, close(1))))
    closes.push(questions.ask(question('b', 'claimed', log)))
    closes.push(questions.ask(question('c', 'passed', log, close(2))))
    expect(questions.claims(pong)).toBe(false)
    expect(log).toEqual(['a pong', 'c pong'])
    closes[2]?.()
    questions.claims(getaddr)
    expect(log.slice(2)).toEqual(['a getaddr'])
  })

  it('that are opened by an answer begin with the next message', () => {
    const questions = new Questions()
    const log: string[] = []
    let opened = false
    questions.ask(
      question('a', 'passed', log, () => {
        if (!opened) questions.ask(question('b', 'claimed', log))
        opened = true
      }),
    )
    expect(questions.claims(pong)).toBe(false)
    expect(questions.claims(getaddr)).toBe(true)
    expect(log).toEqual(['a pong', 'a getaddr', 'b getaddr'])
  })

  it('are told of the end once, those that are closed are not, and those that come later at once', () => {
    const questions = new Questions()
    const log: string[] = []
    questions.ask(question('a', 'passed', log))
    questions.ask(question('b', 'passed', log))()
    const late = question('c', 'passed', log)
    questions.ask({ take: () => 'passed', ended: () => questions.ask(late)() })
    questions.end(gone)
    questions.end(closing('disconnected', 'local', 'again'))
    questions.ask(question('d', 'passed', log))
    expect(log).toEqual(['a remote-closed', 'c remote-closed', 'd remote-closed'])
    questions.claims(pong)
    expect(log).toHaveLength(3)
  })

  it('that fail to hear of the end keep it from nobody', () => {
    const questions = new Questions()
    const log: string[] = []
    questions.ask({
      take: () => 'passed',
      ended: () => {
        throw new RangeError('mine')
      },
    })
    questions.ask(question('b', 'passed', log))
    questions.end(gone)
    expect(log).toEqual(['b remote-closed'])
  })
})

describe('questions of a peer', () => {
  it('come behind the behaviors and before users, who get what is not claimed', () => {
    const log: string[] = []
    const { peer, said } = converse({
      behaviors: {
        look: ({ messages$ }) => watch(({ command }) => log.push(`behavior ${command}`), messages$),
      },
    })
    peer.on('pong').subscribe(() => log.push('on pong'))
    peer.messages$.subscribe(({ command }) => log.push(`user ${command}`))
    const close = channelOf(peer).ask(question('question', 'claimed', log))
    said.next(pong)
    close()
    said.next(pong)
    expect(log).toEqual(['behavior pong', 'question pong', 'behavior pong', 'on pong', 'user pong'])
  })

  it('share what may be of use to users as well', () => {
    const { peer, said } = converse()
    const log: string[] = []
    peer.messages$.subscribe(({ command }) => log.push(`user ${command}`))
    channelOf(peer).ask(question('question', 'shared', log))
    said.next(pong)
    expect(log).toEqual(['question pong', 'user pong'])
  })

  it.each([
    ['our own', 'disconnected'],
    ['an orderly', 'remote-closed'],
    ['a broken', 'connection-reset'],
  ])('are told of %s end, and those that are asked later too', (_, code) => {
    const { peer, said } = converse()
    const channel = channelOf(peer)
    const log: string[] = []
    channel.ask(question('a', 'passed', log))
    if (code === 'disconnected') peer.disconnect()
    else if (code === 'remote-closed') said.complete()
    else said.error(new TransportError('connection-reset'))
    channel.ask(question('b', 'passed', log))
    expect(log).toEqual([`a ${code}`, `b ${code}`])
  })

  it('that fail at a message end the peer with a type', () => {
    const { peer, said, log } = converse()
    channelOf(peer).ask({
      take: () => {
        throw new RangeError('mine')
      },
      ended: () => {},
    })
    said.next(pong)
    expect(log).toEqual(['peer', 'error callback-failed'])
  })

  it('see no message behind the end, in the middle of a chunk', () => {
    const { peer, said } = converse()
    const log: string[] = []
    channelOf(peer).ask(question('a', 'claimed', log, () => peer.disconnect()))
    said.next(pong)
    said.next(pong)
    expect(log).toEqual(['a pong', 'a disconnected'])
  })

  it('give what they hold back to the ledger, until it is given back, once', () => {
    const { peer } = converse()
    const channel = channelOf(peer)
    expect(channel.requestLimit).toBe(5_000_000)
    const first = channel.charge(1_000)
    const second = channel.charge(500)
    expect(channel.requested()).toBe(1_500)
    expect(peer.stats().memory.request).toBe(1_500)
    first()
    first()
    expect(channel.requested()).toBe(500)
    second()
    expect(channel.requested()).toBe(0)
  })
})
