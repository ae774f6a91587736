import { describe, expect, test } from 'vitest'
import { parseArguments } from '../../src/cli/arguments.js'
import { peerOptionNames, peerOptions } from '../../src/cli/peer-options.js'
import { resolveOptions } from '../../src/peer/options.js'
import { btcdPolicy, corePolicy } from '../../src/peer/policy.js'
import { regtest } from '../../src/wire/network.js'
import { objects, rxpeer } from '../support/cli.js'
import { peerRemote } from '../support/cli-remotes.js'

function settings(line: string) {
  const request = parseArguments(line.split(' '))
  if (request.kind !== 'run') throw new Error(JSON.stringify(request))
  return request.settings
}

describe('options of the peer', () => {
  test('each becomes an option of the library', () => {
    const line =
      'listen --policy core --services network,witness --protocol-version 70015 --no-relay --regtest-leniency' +
      ' --user-agent-comment hello --handshake-timeout 1 --idle-timeout 2 --ping-interval 3 --ping-timeout 4' +
      ' --stall-tick 5 --trickle-interval 0.006'
    const given = settings(line)
    expect(Object.keys(given).sort()).toEqual([...peerOptionNames].sort())
    expect(peerOptions(given)).toEqual({
      network: undefined,
      policy: corePolicy,
      services: 9n,
      protocolVersion: 70015,
      relay: false,
      userAgent: { name: 'rxpeer-cli', version: '0.1.0', comments: ['hello'] },
      regtestLeniency: true,
      handshakeTimeout: 1_000,
      idleTimeout: 2_000,
      pingInterval: 3_000,
      pingTimeout: 4_000,
      stallTick: 5_000,
      trickleInterval: 6,
    })
  })

  test('without them the library decides: no services, no leniency, btcd', () => {
    expect(resolveOptions(peerOptions(settings('watch a')))).toMatchObject({
      services: 0n,
      regtestLeniency: false,
      policy: btcdPolicy,
      userAgent: '/rxpeer:0.1.0/',
      handshakeTimeout: 30_000,
      relay: true,
    })
  })

  test('services may be bits', () => {
    expect(settings('watch a --services 0x409').services).toBe(0x409n)
    expect(settings('watch a --services none').services).toBe(0n)
  })

  test('watch says them in its version message, and pings as often as asked', async () => {
    await using remote = await peerRemote({ network: regtest })
    const run = rxpeer(
      ...['watch', remote.at, '--network', 'regtest', '--json', '--command', 'version,pong', '--count', '2'],
      ...['--services', 'bloom', '--protocol-version', '70014', '--no-relay', '--user-agent-comment', 'hi'],
      ...['--ping-interval', '0.05'],
    )
    const { code, lines } = await run.finished
    expect(code).toBe(0)
    expect(objects(lines)).toContainEqual(
      expect.objectContaining({
        event: 'sent',
        message: expect.objectContaining({
          protocolVersion: 70014,
          services: '0x4',
          relay: false,
          userAgent: '/rxpeer:0.1.0/rxpeer-cli:0.1.0(hi)/',
        }),
      }),
    )
    expect(objects(lines).filter(({ event }) => event === 'received')).toMatchObject([
      { command: 'version' },
      { command: 'pong' },
    ])
  })
})
