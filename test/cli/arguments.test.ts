import { describe, expect, test } from 'vitest'
import { parseArguments } from '../../src/cli/arguments.js'
import { commands } from '../../src/cli/commands.js'
import { helpText } from '../../src/cli/help.js'
import { type OptionName, options } from '../../src/cli/options.js'
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
    ...['', 'inv,', ',inv', 'thirteenchars', 'ünknown', 'a\u001b'].map(
      text => [`watch a --command=${text}`, /--command: .* is not the name of a message/] as const,
    ),
    ...['', 'Mainnet', 'constructor', 'testnet'].map(
      text => [`watch a --network=${text}`, /--network: .* is not a network; known are mainnet/] as const,
    ),
    ...['', '1.2.3', 'a_b!', '[1.2.3.4]', '::g'].map(
      text => [`listen --host=${text}`, /--host: .* is not a host name or IP address/] as const,
    ),
    ['demo --network mainnet', /too hard on mainnet/],
    ['demo --policy core', /demo takes no --policy/],
    ['watch a --policy bitcoin', /--policy: "bitcoin" is not a policy; known are btcd, core/],
    ['watch a --services network,wit', /--services: "wit" is not a service/],
    ['watch a --user-agent-comment (x)', /--user-agent-comment: .* without \/ : \( \)/],
    ['watch a --no-relay=yes', /--no-relay takes no value/],
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

/** What an option with a number takes, up to its bounds, and what it does not. */
interface Numbers {
  readonly taken: readonly (readonly [text: string, value: number | bigint])[]
  readonly refused: readonly string[]
  readonly complaint: RegExp
}

/** What is no number for any of them; `٣` is a digit, though not one of ours. */
const noNumbers = [
  '',
  ' ',
  '-1',
  '+1',
  '1 ',
  '1,5',
  '1_000',
  '1e3',
  '0b1',
  '0o7',
  'x',
  'NaN',
  'Infinity',
  '٣',
]

const duration: Numbers = {
  taken: [
    ['1', 1_000],
    ['9', 9_000],
    ['10', 10_000],
    ['0.5', 500],
    ['0.001', 1],
    ['1.25', 1_250],
    ['2147483', 2_147_483_000],
    ['00000000000000000007', 7_000],
  ],
  refused: ['0', '0.0', '.5', '5.', '1.2.3', '0x10', '2147484', '12345678901234567890', '9'.repeat(400)],
  complaint: /is not a time; times are seconds above 0 and up to 2147483$/,
}

const numbers: { readonly [K in OptionName]?: Numbers } = {
  port: {
    taken: [
      ['0', 0],
      ['1', 1],
      ['9', 9],
      ['10', 10],
      ['65535', 65_535],
      ['00000000000000000080', 80],
    ],
    refused: ['65536', '99999', '100000', '1.5', '0x10', '12345678901234567890'],
    complaint: /is not a port; ports are whole numbers from 0 to 65535$/,
  },
  count: {
    taken: [
      ['1', 1],
      ['9', 9],
      ['10', 10],
      ['9007199254740991', Number.MAX_SAFE_INTEGER],
      ['00000000000000000001', 1],
    ],
    refused: ['0', '1.5', '0x10', '9007199254740992', '9007199254740993', '12345678901234567890'],
    complaint: /is not a count; counts are whole numbers from 1 to 9007199254740991$/,
  },
  services: {
    taken: [
      ['0', 0n],
      ['1', 1n],
      ['9', 9n],
      ['10', 10n],
      ['9223372036854775808', 2n ** 63n],
      ['18446744073709551615', 2n ** 64n - 1n],
      ['0x0', 0n],
      ['0X9', 9n],
      ['0xffffffffffffffff', 2n ** 64n - 1n],
      ['0x00000000000000000009', 9n],
    ],
    refused: ['18446744073709551616', '99999999999999999999', '0x10000000000000000', '1.5', '0x', '0xg'],
    complaint: /is not a service; known are none, network|has more than the 64 bits that services have$/,
  },
  'protocol-version': {
    taken: [
      ['106', 106],
      ['999', 999],
      ['70016', 70_016],
      ['2147483647', 2_147_483_647],
      ['00000000000000000106', 106],
    ],
    refused: ['0', '9', '105', '106.5', '0x6a', '2147483648', '12345678901234567890'],
    complaint: /is not a protocol version; they are whole numbers from 106 to 2147483647$/,
  },
  for: duration,
  'handshake-timeout': duration,
  'idle-timeout': duration,
  'ping-interval': duration,
  'ping-timeout': duration,
  'stall-tick': duration,
  'trickle-interval': duration,
}

describe('numbers', () => {
  const of = (name: string, text: string) =>
    parseArguments([...(name === 'port' ? ['listen'] : ['watch', 'a']), `--${name}=${text}`])

  test('are all of these', () => {
    const named = Object.entries(options).filter(([, { value = '' }]) => /^(N|PORT|SECONDS)$/.test(value))
    expect(named.length).toBeGreaterThan(5)
    expect(Object.keys(numbers).sort()).toEqual(['services', ...named.map(([name]) => name)].sort())
  })

  describe.each(Object.entries(numbers))('--%s', (name, { taken, refused, complaint }) => {
    test.each(taken)('%s is taken', (text, value) => {
      expect(of(name, text)).toMatchObject({ kind: 'run', settings: { [name]: value } })
    })

    test.each([...noNumbers, ...refused])('%j is refused', text => {
      const request = of(name, text)
      expect(request).toEqual({ kind: 'usage', message: expect.stringMatching(complaint) })
      expect(request.kind === 'usage' && request.message.startsWith(`--${name}: "`)).toBe(true)
    })
  })
})

describe('lengths', () => {
  test.each([
    ['command', 'x', 'twelve-chars', 'thirteenchars'],
    ['user-agent-comment', 'x', 'x'.repeat(100), 'x'.repeat(101)],
  ])('of --%s reach from one character to the longest', (name, shortest, longest, tooLong) => {
    const of = (text: string) => parseArguments(['watch', 'a', `--${name}=${text}`]).kind
    expect([of(''), of(shortest), of(longest), of(tooLong)]).toEqual(['usage', 'run', 'run', 'usage'])
  })
})

describe('readTarget', () => {
  test.each([
    ['127.0.0.1', { host: '127.0.0.1', port: undefined }],
    ['127.0.0.1:8333', { host: '127.0.0.1', port: 8333 }],
    ['a:1', { host: 'a', port: 1 }],
    ['a:00000000000000000009', { host: 'a', port: 9 }],
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
    'host:12345678901234567890',
    '127.0.0.1\0.evil.example',
    'evil.example\0',
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
