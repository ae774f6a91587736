/** What the rows are measured on: made once, the same bytes for every contestant. */
import {
  Block,
  BlockFilter,
  BlockHeader,
  type BlockHeaderFields,
  checkProofOfWork,
  encodeFrame,
  encodeMessage,
  type Message,
  mainnet,
  regtest,
  wireName,
} from 'rxpeer/wire'
import { seeded } from '../test/support/mutate.js'
import { sampleBlock } from './support/block.js'

/** An input and how many of what it holds. */
export interface Input {
  readonly bytes: Uint8Array
  readonly items: number
}

const pick = seeded(10)
const random = (length: number) => Uint8Array.from({ length }, () => pick(256))

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((total, part) => total + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

/** Many parts in one input, each behind its length. */
function parts(all: readonly Uint8Array[]): Uint8Array {
  return concat(
    all.flatMap(part => {
      const length = new Uint8Array(4)
      new DataView(length.buffer).setUint32(0, part.length, true)
      return [length, part]
    }),
  )
}

let sampled: ReturnType<typeof sampleBlock> | undefined

/** The block, read or made when it is first asked for. */
export function sample(): ReturnType<typeof sampleBlock> {
  sampled ??= sampleBlock()
  return sampled
}

const inventory = (type: number, length: number) => Array.from({ length }, () => ({ type, hash: random(32) }))

function stream(messages: readonly Message[]): Input {
  const bytes = concat(
    messages.map(message => encodeFrame(mainnet.magic, wireName(message), encodeMessage(message))),
  )
  return { bytes, items: messages.length }
}

function headers(): Uint8Array {
  const count = 2_000
  const payload = new Uint8Array(3 + 81 * count)
  payload.set([0xfd, count & 0xff, count >>> 8])
  for (let i = 0; i < count; i += 1) payload.set(random(80), 3 + 81 * i)
  return payload
}

const block = () => Block.decode(sample().bytes)

/** So many transactions from all over the block. */
function transactions(count: number): Uint8Array[] {
  const { transactions } = block()
  const step = Math.floor(transactions.length / count)
  return Array.from({ length: count }, (_, i) => transactions.at(i * step + 1)!.bytes)
}

/** Of ten messages five inv of a few entries, two getdata, two transactions and a ping. */
function relay(): Message[] {
  const txs = Array.from(block().transactions).slice(1)
  return Array.from({ length: 10_000 }, (_, i): Message => {
    const kind = (i * 7) % 10
    if (kind < 5) return { command: 'inv', inventory: inventory(5, 1 + pick(6)) }
    if (kind < 7) return { command: 'getdata', inventory: inventory(5, 1 + pick(3)) }
    if (kind < 9) return { command: 'tx', transaction: txs[pick(txs.length)]! }
    return { command: 'ping', nonce: BigInt(pick(2 ** 32)) }
  })
}

/** A filter and scripts that it does not have. */
function filter(scripts: number): Uint8Array {
  const hash = random(32)
  const made = BlockFilter.fromElements(
    hash,
    Array.from({ length: 10_000 }, () => random(22 + pick(13))),
  )
  const absent: Uint8Array[] = []
  while (absent.length < scripts) {
    const script = random(22 + pick(13))
    if (!made.match(script)) absent.push(script)
  }
  return parts([hash, made.bytes, ...absent])
}

/** A header that meets the easiest target, which every second does. */
function mined(fields: Omit<BlockHeaderFields, 'bits' | 'nonce'>): BlockHeader {
  for (let nonce = 0; ; nonce += 1) {
    const header = BlockHeader.from({ ...fields, bits: 0x207f_ffff, nonce })
    if (checkProofOfWork(header, { limit: regtest.powLimit })) return header
  }
}

/** Headers behind the first block of regtest. */
function chain(count: number): Uint8Array {
  const headers: Uint8Array[] = []
  let { hash: previousBlock, time } = regtest.genesis
  while (headers.length < count) {
    time += 600
    const header = mined({ version: 0x2000_0000, previousBlock, merkleRoot: random(32), time })
    headers.push(header.bytes)
    previousBlock = header.hash
  }
  return concat(headers)
}

/** The block under so many headers, each its own block. */
function variants(count: number): Uint8Array[] {
  const { header, bytes } = block()
  return Array.from({ length: count }, (_, i) => {
    const { previousBlock, merkleRoot, time } = header
    const own = mined({ version: 0x2000_0000 + i, previousBlock, merkleRoot, time })
    return concat([own.bytes, bytes.subarray(80)])
  })
}

/** Every input by name, made when it is asked for. */
export const inputs = {
  block: () => ({ bytes: sample().bytes, items: 1 }),
  transactions: () => ({ bytes: parts(transactions(200)), items: 200 }),
  headers: () => ({ bytes: headers(), items: 2_000 }),
  'inv of 50': () => ({ bytes: encodeMessage({ command: 'inv', inventory: inventory(5, 50) }), items: 50 }),
  'inv of 50,000': () => ({
    bytes: encodeMessage({ command: 'inv', inventory: inventory(5, 50_000) }),
    items: 50_000,
  }),
  pings: () =>
    stream(Array.from({ length: 20_000 }, (_, i) => ({ command: 'ping', nonce: BigInt(i) * 0x1_0001n }))),
  relay: () => stream(relay()),
  'stream of blocks': () => stream(Array.from({ length: 8 }, () => ({ command: 'block', block: block() }))),
  'stream of headers': () => {
    const payload = headers()
    const frame = encodeFrame(mainnet.magic, 'headers', payload)
    return { bytes: concat(Array.from({ length: 20 }, () => frame)), items: 20 * 2_000 }
  },
  'filter, 20 scripts': () => ({ bytes: filter(20), items: 20 }),
  'filter, 2,000 scripts': () => ({ bytes: filter(2_000), items: 2 }),
  'chain of headers': () => ({ bytes: chain(20_000), items: 20_000 }),
  blocks: () => ({ bytes: parts(variants(16)), items: (16 * sample().bytes.length) / 1e6 }),
  nothing: () => ({ bytes: new Uint8Array(0), items: 1 }),
} satisfies Record<string, () => Input>

/** The name of an input. */
export type InputName = keyof typeof inputs
