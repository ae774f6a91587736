import { describe, expect, test } from 'vitest'
import { parseArguments } from '../../src/cli/arguments.js'
import { commands } from '../../src/cli/commands.js'
import { helpText } from '../../src/cli/help.js'
import { options } from '../../src/cli/options.js'
import { readTarget } from '../../src/cli/target.js'
import { regtest, simnet } from '../../src/wire/network.js'

describe('parseArguments', () => {
  const bad: readonly (readonly [string, RegExp])[] = [
    ['', /command is missing: watch, listen, demo/],
    ['toString', /unknown command "toString"/],
    ['watch', /watch needs HOST/],
    ['watch a b', /unexpected argument "b"/],
    ['listen a', /unexpected argument "a"/],
    ['demo a', /unexpected argument "a"/],
    ['watch a --bogus', /unknown option --bogus/],
    ['watch a -x', /unknown option -x/],
    ['watch a --constructor', /unknown option --constructor/],
    ['watch a --port 1', /watch takes no --port/],
    ['demo --fetch', /demo takes no --fetch/],
    ['watch a --json=1', /--json takes no value/],
    ['watch a --no-json', /unknown option --no-json/],
    ['watch a --count', /--count needs a value/],
    ['watch a --count --json', /--count needs a value/],
    ['watch a --count 1 --count 2', /--count is given twice/],
    ...['0', '-1', '1.5', 'x', '', '1e3', '99999999999999999'].map(
      text => [`watch a --count=${text}`, /--count: .* is not a count/] as const,
    ),
    ...['0', '-1', 'x', '', 'Infinity', '1e3', '2147484'].map(
      text => [`watch a --for=${text}`, /--for: .* is not a time/] as const,
    ),
    ...['', 'inv,', ',inv', 'thirteenchars', 'ünknown', 'a\u001b'].map(
      text => [`watch a --command=${text}`, /--command: .* is not the name of a message/] as const,
    ),
    ...['', 'Mainnet', 'constructor', 'testnet'].map(
      text => [`watch a --network=${text}`, /--network: .* is not a network; known are mainnet/] as const,
    ),
    ...['65536', '-1', 'x', '1.5', '', '0x10'].map(
      text => [`listen --port=${text}`, /--port: .* is not a port; .* from 0 to/] as const,
    ),
    ...['', '1.2.3', 'a_b!', '[1.2.3.4]', '::g'].map(
      text => [`listen --host=${text}`, /--host: .* is not a host name or IP address/] as const,
    ),
    ['demo --network mainnet', /too hard on mainnet/],
    ['demo --policy core', /demo takes no --policy/],
    ['watch a --policy bitcoin', /--policy: "bitcoin" is not a policy; known are btcd, core/],
    ['watch a --services network,wit', /--services: "wit" is not a service/],
    ['watch a --services 0x10000000000000000', /--services: .* is not a service/],
    ['watch a --protocol-version 105', /--protocol-version: .* from 106 on/],
    ['watch a --user-agent-comment (x)', /--user-agent-comment: .* without \/ : \( \)/],
    ['watch a --no-relay=yes', /--no-relay takes no value/],
    ...[
      'handshake-timeout',
      'idle-timeout',
      'ping-interval',
      'ping-timeout',
      'stall-tick',
      'trickle-interval',
    ].map(name => [`watch a --${name} 0`, new RegExp(`--${name}: "0" is not a time`)] as const),
  ]
  test.each(bad)('%j is refused', (line, message) => {
    const args = line === '' ? [] : line.split(' ')
    const request = parseArguments(args)
    expect(request).toEqual({ kind: 'usage', message: expect.stringMatching(message) })
  })

  test('reads every option', () => {
    const args =
      'listen --network regtest --host [::1] --port 0 --command inv,tx,x-new --count 3 --for 0.5 --json --fetch'
    expect(parseArguments(args.split(' '))).toMatchObject({
      kind: 'run',
      command: 'listen',
      operands: [],
      settings: {
        network: regtest,
        host: '::1',
        port: 0,
        command: new Set(['inv', 'tx', 'x-new']),
        count: 3,
        for: 500,
        json: true,
        fetch: true,
      },
    })
  })

  test('options may stand anywhere, and a name of 12 characters fits the wire', () => {
    expect(
      parseArguments(['--network=simnet', 'watch', '--command', 'twelve-chars', '127.0.0.1']),
    ).toMatchObject({
      kind: 'run',
      command: 'watch',
      operands: ['127.0.0.1'],
      settings: { network: simnet, command: new Set(['twelve-chars']) },
    })
  })

  test('help and version come before all complaints but those of options', () => {
    expect(parseArguments(['--help'])).toEqual({ kind: 'help', command: undefined })
    expect(parseArguments(['watch', '-h'])).toEqual({ kind: 'help', command: 'watch' })
    expect(parseArguments(['-v'])).toEqual({ kind: 'version' })
  })
})

describe('readTarget', () => {
  test.each([
    ['127.0.0.1', { host: '127.0.0.1', port: undefined }],
    ['127.0.0.1:8333', { host: '127.0.0.1', port: 8333 }],
    ['seed.example.org:65535', { host: 'seed.example.org', port: 65535 }],
    ['[::1]:8333', { host: '::1', port: 8333 }],
    ['[fe80::1]', { host: 'fe80::1', port: undefined }],
    ['::1', { host: '::1', port: undefined }],
    ['8333.example', { host: '8333.example', port: undefined }],
    ['node1', { host: 'node1', port: undefined }],
  ])('%s', (text, target) => {
    expect(readTarget(text)).toEqual(target)
  })

  test.each([
    '',
    ':8333',
    'host:',
    'host:0',
    'host:65536',
    'a:b:c',
    '[::1',
    '[::1]8333',
    '[host]:1',
    '256.1.1.1',
    '1.2.3',
    'a b',
    '-x',
    'http://h',
    'h/',
    'h\n',
    '127.0.0.1\0.evil.example',
    '127.0.0.1\u00ad',
    '１２７.0.0.1',
    '127.1',
    '0x7f000001',
    '0x7f.1',
    'host.1',
    '1.2.3.4.',
  ])('%j is refused', text => {
    expect(() => readTarget(text)).toThrow(/is not/)
  })
})

describe('helpText', () => {
  test('names every command and option', () => {
    const text = helpText(undefined)
    for (const name of Object.keys(commands)) expect(text).toContain(`\n  ${name}`)
    for (const name of Object.keys(options)) expect(text).toContain(`--${name}`)
  })

  test('of a command names what that command takes', () => {
    expect(helpText('watch')).toMatch(/watch HOST\[:PORT\][\s\S]*--fetch/)
    expect(helpText('watch')).not.toContain('--port')
    expect(helpText('listen')).toContain('--port PORT')
  })
})
