import { describe, expect, it } from 'vitest'
import { btcdPolicy, corePolicy, type Policy } from '../../src/peer/policy.js'
import { frameOf } from '../../src/testing/scripted-remote.js'
import { hexToBytes } from '../../src/wire/hex.js'
import type { Message } from '../../src/wire/messages.js'
import { converse } from '../support/conversation.js'

const payload = (name: string, hex: string) => frameOf({ command: 'unknown', name, payload: hexToBytes(hex) })

function withByte(message: Message, offset: number, value: number): Uint8Array {
  const frame = frameOf(message).slice()
  frame[offset] = value
  return frame
}

const ping: Message = { command: 'ping', nonce: 1n }
const mystery: Message = { command: 'unknown', name: 'mystery', payload: Uint8Array.of(1) }

/** What comes in, and what each policy makes of it: the code of the end and whether a reject was sent, or `stays`. */
const table: readonly (readonly [string, Uint8Array, string, string])[] = [
  ['wrong magic', withByte(ping, 0, 0), 'wrong-magic', 'wrong-magic'],
  ['length 4,000,001', withByte(ping, 18, 0x3e), 'oversized-frame', 'oversized-frame'],
  ['bad checksum', withByte(ping, 20, 0), 'bad-checksum, rejected', 'stays'],
  ['bad checksum of an unknown message', withByte(mystery, 20, 0), 'stays, delivered', 'stays'],
  ['something behind the NUL of the command', withByte(ping, 15, 0x41), 'stays, delivered', 'stays'],
  ['a control character in the command', withByte(ping, 4, 0x1f), 'stays, delivered', 'stays'],
  ['a command that is not UTF-8', withByte(ping, 4, 0xff), 'command-not-utf8, rejected', 'stays'],
  ['a size in too long a form', payload('inv', 'fd0000'), 'non-canonical-size, rejected', 'stays'],
  ['a payload that is too short', payload('ping', '01020304'), 'truncated, rejected', 'stays'],
  [
    'a payload that is too long',
    payload('ping', '010203040506070809'),
    'oversized-payload, rejected',
    'stays, delivered',
  ],
  ['a trailing byte', payload('inv', '0000'), 'trailing-bytes, rejected', 'stays, delivered'],
  ['50,001 entries', payload('inv', 'fd51c3'), 'too-many, rejected', 'too-many'],
  ['a transaction with unknown flags', payload('tx', '02000000000201'), 'bad-flag, rejected', 'stays'],
]

function outcome(bytes: Uint8Array, policy: Policy): string {
  const { peer, said, log, written } = converse({ policy })
  const seen: string[] = []
  peer.messages$.subscribe(({ command }) => seen.push(command))
  const before = written.length
  said.next(bytes)
  const rejected = written.slice(before).some(message => message.command === 'reject')
  const end = log.find(entry => entry.startsWith('error'))?.slice('error '.length)
  if (end !== undefined) return rejected ? `${end}, rejected` : end
  // The stream must be in step: the next message gets through.
  const known = seen.length
  said.next({ command: 'getaddr' })
  expect(seen.at(-1)).toBe('getaddr')
  return known > 0 ? 'stays, delivered' : 'stays'
}

describe('what cannot be read, after the handshake', () => {
  it.each(table)('%s', (_, bytes, btcd, core) => {
    expect({ btcd: outcome(bytes, btcdPolicy), core: outcome(bytes, corePolicy) }).toEqual({ btcd, core })
  })

  it('RD3 the reject names the message "malformed" and tells where and why', () => {
    const { said, written } = converse()
    said.next(payload('ping', '01020304'))
    expect(written.at(-1)).toEqual({
      command: 'reject',
      rejected: 'malformed',
      code: 0x01,
      reason: "Can't read message from 127.0.0.1:18444 (outbound): 8 bytes wanted, 4 left in ping at byte 0",
    })
  })

  it('RD3 a remote below 70002 is not told', () => {
    const { said, written, log } = converse({ protocolVersion: 70_001 })
    said.next(payload('ping', '01020304'))
    expect(written.at(-1)?.command).toBe('verack')
    expect(log).toEqual(['peer', 'error truncated'])
  })

  it('a policy of your own is one changed row', () => {
    const patient: Policy = { ...btcdPolicy, actions: { ...btcdPolicy.actions, truncated: 'drop' } }
    expect(outcome(payload('ping', '01020304'), patient)).toBe('stays')
  })

  it('after the first offence nothing more is read, and only one reject is sent', () => {
    const { said, written, log } = converse({}, { taking: () => {} })
    said.next(payload('ping', '01'))
    said.next(payload('ping', '02'))
    said.complete()
    expect(written.filter(({ command }) => command === 'reject')).toHaveLength(1)
    // Who has gone is not waited for, and the offence stays the reason.
    expect(log).toEqual(['peer', 'error truncated'])
  })
})
