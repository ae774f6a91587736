import { describe, expect, it } from 'vitest'
import { Writer } from '../../src/wire/cursor.js'
import { bytesToHex, hexToBytes } from '../../src/wire/hex.js'
import { type DecodeOptions, decodeMessage } from '../../src/wire/messages.js'
import { wireErrorOf } from '../support/wire.js'

/** A list on the wire between what is before and behind it, each item as short as it can be. */
interface Counted {
  readonly what: string
  readonly command: string
  readonly before: string
  readonly item: string
  readonly behind?: string
  readonly options?: DecodeOptions
}

const hash = '11'.repeat(32)
const header = '22'.repeat(80)
/** Spends an output without any signature: outpoint, empty script, sequence. */
const unsigned = `${hash}${'00000000'}${'00'}${'ffffffff'}`
/** Value 0 and an empty script. */
const output = '00'.repeat(9)
/** Neither inputs nor outputs. */
const transaction = '01000000' + '0000' + '00000000'

const lists: readonly Counted[] = [
  { what: 'unsigned inputs', command: 'tx', before: '02000000', item: unsigned, behind: '00' + '00000000' },
  {
    what: 'outputs',
    command: 'tx',
    before: `02000000${'01'}${unsigned}`,
    item: output,
    behind: '00000000',
  },
  {
    what: 'witness items',
    command: 'tx',
    before: `02000000${'0001'}${'01'}${unsigned}${'00'}`,
    item: '00',
    behind: '00000000',
  },
  { what: 'transactions', command: 'block', before: header, item: transaction },
  { what: 'transactions', command: 'blocktxn', before: hash, item: transaction },
  {
    what: 'prefilled',
    command: 'cmpctblock',
    before: `${header}${'00'.repeat(8)}00`,
    item: `00${transaction}`,
  },
  {
    what: 'short ids',
    command: 'cmpctblock',
    before: `${header}${'00'.repeat(8)}`,
    item: '33'.repeat(6),
    behind: '00',
  },
  { what: 'indexes', command: 'getblocktxn', before: hash, item: '00' },
  { what: 'entries', command: 'inv', before: '', item: `01000000${hash}` },
  { what: 'entries', command: 'getdata', before: '', item: `01000000${hash}` },
  { what: 'entries', command: 'notfound', before: '', item: `01000000${hash}` },
  { what: 'headers', command: 'headers', before: '', item: `${header}00` },
  {
    what: 'headers, read as Core does',
    command: 'headers',
    before: '',
    item: `${header}00`,
    options: { lenient: true },
  },
  { what: 'addresses', command: 'addr', before: '', item: `${'00'.repeat(30)}` },
  {
    what: 'addresses without time',
    command: 'addr',
    before: '',
    item: `${'00'.repeat(26)}`,
    options: { protocolVersion: 31_401 },
  },
  // Time, services, network 0, no byte of address, port.
  { what: 'addresses', command: 'addrv2', before: '', item: '00000000' + '00' + '00' + '00' + '0000' },
  { what: 'hashes', command: 'getheaders', before: '80110100', item: hash, behind: hash },
  { what: 'hashes', command: 'getblocks', before: '80110100', item: hash, behind: hash },
  { what: 'hashes', command: 'merkleblock', before: `${header}00000000`, item: hash, behind: '00' },
  { what: 'hashes', command: 'cfheaders', before: `00${hash}${hash}`, item: hash },
  { what: 'hashes', command: 'cfcheckpt', before: `00${hash}`, item: hash },
]

/** More than any shortest item has bytes, so that a byte too many or too few for each shows. */
const COUNT = 300

function payload({ before, item, behind = '' }: Counted, count: number): Uint8Array {
  const size = new Writer()
  size.compactSize(count)
  return hexToBytes(before + bytesToHex(size.finish()) + item.repeat(COUNT) + behind)
}

describe.each(lists)('$command: $what', list => {
  const { command, before, behind = '', item, options } = list

  it('as many as fit, each as short as can be, are read', () => {
    expect(decodeMessage(command, payload(list, COUNT), options)).toMatchObject({ command })
  })

  it('more than can fit are refused where they are counted, before any is read', () => {
    const more = COUNT + 1 + Math.floor(behind.length / item.length)
    expect(wireErrorOf(() => decodeMessage(command, payload(list, more), options))).toMatchObject({
      code: 'truncated',
      command,
      offset: before.length / 2,
    })
  })
})
