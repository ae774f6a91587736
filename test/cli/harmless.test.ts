import { connect } from 'node:net'
import { PassThrough } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { run } from '../../src/cli/run.js'
import { encodeFrame } from '../../src/wire/frame.js'
import { encodeMessage, type KnownMessage } from '../../src/wire/messages.js'
import { unknownAddress } from '../../src/wire/netaddress.js'
import { regtest } from '../../src/wire/network.js'
import { type Finished, rxpeer } from '../support/cli.js'
import { rawRemote } from '../support/cli-remotes.js'

// Whatever a remote sends, a terminal obeys none of it: no control character reaches either stream, the C1 ones
// included, whichever way the connection ends and whoever tells of it.

/** Clears the screen, colours, rings and returns; short enough for the command of a frame. */
const HOSTILE = '\x1b[2J\x9b31m\x07\r\n'

const frame = (name: string, payload: Uint8Array = new Uint8Array()) =>
  encodeFrame(regtest.magic, name, payload)
const frameOf = (message: KnownMessage) => frame(message.command, encodeMessage(message))

/** A frame of which nothing but the header comes, with what it claims in the header changed. */
function claiming(name: string, change: (header: DataView) => void): Uint8Array {
  const bytes = frame(name)
  change(new DataView(bytes.buffer))
  return bytes
}

const oversized = (header: DataView) => header.setUint32(16, 4_000_001, true)
const badChecksum = (header: DataView) => header.setUint32(20, 0, true)

const version: KnownMessage = {
  command: 'version',
  protocolVersion: 70_016,
  services: 0n,
  timestamp: 0n,
  receiver: unknownAddress,
  sender: unknownAddress,
  nonce: 1n,
  userAgent: HOSTILE,
  startHeight: 0,
  relay: true,
}

const handshake = [frameOf(version), frameOf({ command: 'verack' })]

/** What remotes say, and then hang up. */
const remotes: readonly (readonly [name: string, frames: readonly Uint8Array[]])[] = [
  ['its user agent', handshake],
  ['the name of a message that nobody knows', [...handshake, frame(HOSTILE)]],
  [
    'a rejection',
    [...handshake, frameOf({ command: 'reject', rejected: HOSTILE, code: 1, reason: HOSTILE.repeat(9) })],
  ],
  ['the name of an oversized frame', [...handshake, claiming(HOSTILE, oversized)]],
  ['the name of an oversized frame before its version', [claiming(HOSTILE, oversized)]],
  ['the name of a frame with a wrong checksum', [...handshake, claiming(HOSTILE, badChecksum)]],
  ['the name of a message before its version', [frame(HOSTILE)]],
]

/** What is left of it, escaped or (of a user agent) taken out: so that it is seen to have come through at all. */
const shown = /2J(\\+(x|u00)9b)?31m/

function expectHarmless({ lines, stderr }: Finished): void {
  const printed = [...lines, ...stderr.split('\n')]
  expect(printed.filter(line => !/^[ -~…→←·—]*$/.test(line))).toEqual([])
  expect(printed.join('\n')).toMatch(shown)
}

const modes = ['', '--json', '--policy=core', '--policy=core --json']

describe.each(remotes)('%s', (_, frames) => {
  test.each(modes)('is harmless to who watches: %s', async mode => {
    await using remote = await rawRemote(socket =>
      socket.once('data', () => {
        for (const bytes of frames) socket.write(bytes)
        socket.end()
      }),
    )
    const words = mode.split(' ').filter(word => word !== '')
    const finished = await rxpeer('watch', remote.at, '--network', 'regtest', ...words).finished
    expect(finished.code).toBe(1)
    expectHarmless(finished)
  })
})

test.each([[[]], [['--json']]])('all of it is harmless to who listens: %j', async words => {
  const listening = rxpeer('listen', '--port', '0', '--network', 'regtest', ...words)
  const [, port] = /(?:"port"|\.0\.0\.1):(\d+)/.exec(await listening.line('listening')) ?? []
  for (const [, frames] of remotes) {
    await new Promise<void>(resolve => {
      const socket = connect({ host: '127.0.0.1', port: Number(port), allowHalfOpen: true }, () => {
        for (const bytes of frames) socket.write(bytes)
        socket.end()
      })
      socket.on('error', () => {})
      socket.resume().on('close', () => resolve())
    })
  }
  listening.child.kill('SIGINT')
  const finished = await listening.finished
  expect(finished.code).toBe(0)
  expectHarmless(finished)
})

test('a fault of our own ends with 1, and its stack is told without what a terminal would obey', async () => {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  const on = () => {
    throw new Error(`unforeseen ${HOSTILE}`)
  }
  expect(await run(['demo'], { stdout, stderr, env: {}, on })).toBe(1)
  const lines = String(stderr.read()).split('\n')
  expect(lines[0]).toMatch(/^rxpeer: Error: unforeseen \\x1b\[2J\\x9b31m\\x07/)
  expect(lines.some(line => /^rxpeer: +at (\w+\.)?on \(/.test(line))).toBe(true)
  expect(lines.filter(line => !/^[ -~]*$/.test(line))).toEqual([])
})
