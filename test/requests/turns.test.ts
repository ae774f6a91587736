import { describe, expect, it } from 'vitest'
import { getHeaders } from '../../src/requests/get-headers.js'
import { regtest } from '../../src/wire/network.js'
import { converse } from '../support/conversation.js'

describe('Turns', () => {
  it('of questions that were given up are one, however many, and wait for no pongs of their own', () => {
    let dice = 0
    const random = {
      bytes: (size: number) => {
        dice += 1
        return new Uint8Array(size).fill(dice)
      },
    }
    const { peer, said, written } = converse({ random })
    const [heard, codes, lengths]: [bigint[], string[], number[]] = [[], [], []]
    peer.on('pong').subscribe(({ nonce }) => heard.push(nonce))
    const ask = () =>
      getHeaders(peer, [regtest.genesis.hash]).subscribe({
        next: ({ length }) => lengths.push(length),
        error: ({ code }) => codes.push(code),
      })
    // As switchMap does with a remote that announces and never answers.
    for (let i = 0; i < 60; i += 1) ask().unsubscribe()
    ask()
    const pings = written.flatMap(message => (message.command === 'ping' ? [message.nonce] : []))
    expect(pings).toHaveLength(60)
    // Those that the first question and all behind it may still get are nobody's; and then comes our own.
    for (let i = 0; i < 60; i += 1) said.next({ command: 'headers', headers: [] })
    for (const nonce of pings) said.next({ command: 'pong', nonce })
    said.next({ command: 'headers', headers: [] })
    expect([lengths, codes]).toEqual([[0], []])
    // 16 that nobody waits for any more, and the one that was waited for.
    expect(heard).toEqual(pings.slice(0, -17))
  })
})
