import { connect as connectSocket } from 'node:net'
import { describe, expect, test } from 'vitest'
import { open } from '../../src/peer/open.js'
import { tcp } from '../../src/transport/tcp.js'
import { regtest } from '../../src/wire/network.js'
import { objects, rxpeer } from '../support/cli.js'
import { rawRemote } from '../support/cli-remotes.js'

const args = ['listen', '--port', '0', '--network', 'regtest', '--json'] as const

function portOf(line: string): number {
  const [event] = objects([line])
  if (typeof event?.['port'] !== 'number') throw new Error(`no port: ${line}`)
  return event['port']
}

describe('rxpeer listen', () => {
  test('tells where it listens, and who comes and goes', async () => {
    const run = rxpeer(...args)
    const listening = await run.line('"listening"')
    const port = portOf(listening)
    expect(objects([listening])).toEqual([{ event: 'listening', host: '127.0.0.1', port }])
    const peer = await open(tcp({ host: '127.0.0.1', port }), { network: regtest })
    await run.line('"event":"ready"')
    peer.disconnect()
    await run.line('"event":"closed"')
    run.child.kill('SIGINT')
    const { code, lines, stderr } = await run.finished
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const events = objects(lines).filter(({ event }) => event === 'ready' || event === 'closed')
    expect(events).toMatchObject([
      { event: 'ready', peer: 1, direction: 'inbound', startHeight: 0, transport: 'v1' },
      { event: 'closed', peer: 1, by: 'remote', code: 'remote-closed', stats: { direction: 'inbound' } },
    ])
  })

  test('outlives peers that fail, and tells each end once', async () => {
    const run = rxpeer(...args)
    const port = portOf(await run.line('"listening"'))
    const bad = connectSocket(port, '127.0.0.1', () => bad.write('GET / HTTP/1.1\r\n\r\n'))
    await run.line('"wrong-magic"')
    const peer = await open(tcp({ host: '127.0.0.1', port }), { network: regtest })
    await run.line('"event":"ready"')
    run.child.kill('SIGTERM')
    const { code, lines, stderr } = await run.finished
    peer.disconnect()
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(objects(lines).filter(({ event }) => event === 'closed')).toMatchObject([
      { peer: 1, by: 'local', code: 'wrong-magic' },
      { peer: 2, by: 'local', code: 'disconnected', reason: 'ended by SIGTERM' },
    ])
  })

  test('tells people of a peer that fails', async () => {
    const run = rxpeer(...args.slice(0, -1))
    const [, port] = /:(\d+)$/.exec(await run.line('listening')) ?? []
    const bad = connectSocket(Number(port), '127.0.0.1', () => bad.write('GET / HTTP/1.1\r\n\r\n'))
    const line = await run.line('(wrong-magic)')
    expect(line).toMatch(/#1 +· closed +127\.0\.0\.1:\d+ by us: /)
    run.child.kill('SIGINT')
    expect(await run.finished).toMatchObject({ code: 0, stderr: '' })
  })

  test('ends with 1 and one line where it cannot listen', async () => {
    await using taken = await rawRemote(() => {})
    const { code, lines, stderr } = await rxpeer('listen', '--port', `${taken.port}`, '--json').finished
    expect({ code, lines }).toEqual({ code: 1, lines: [] })
    expect(stderr).toMatch(/^rxpeer: cannot listen at 127\.0\.0\.1:\d+: [^\n]*\(address-in-use\)\n$/)
  })
})
