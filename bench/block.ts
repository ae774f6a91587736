/**
 * A full block: ours beside bitcoinjs-lib, in turns and in one process. Run it with `npx tsx bench/block.ts [rounds]`.
 * It exits 1 where the two do not read the same out of the block; ratios are printed and never fail.
 */
import { createHash } from 'node:crypto'
import * as bitcoinjs from 'bitcoinjs-lib'
import { Block, bytesToHex } from 'rxpeer/wire'
import { sampleBlock } from './support/block.js'
import { interleave, median, printTable, ratio, type Timing } from './support/interleave.js'
import { retained } from './support/retained.js'

type Theirs = bitcoinjs.Block

const { bytes, source } = sampleBlock()
const rounds = Number(process.argv[2] ?? 25)

const decode = () => Block.decode(bytes)
const decodeTheirs = () => bitcoinjs.Block.fromBuffer(bytes)
const transactionsOf = ({ transactions }: Theirs) => transactions ?? []

/** What is called with every field in order. */
type Visit = (field: number | bigint | Uint8Array) => void

function visitOurs(block: Block, visit: Visit): void {
  for (const tx of block.transactions) {
    visit(tx.version)
    for (const input of tx.inputs) {
      const { txid, index } = input.outpoint
      visit(txid)
      visit(index)
      visit(input.scriptSig)
      visit(input.sequence)
      for (const item of input.witness) visit(item)
    }
    for (const output of tx.outputs) {
      visit(output.value)
      visit(output.scriptPubKey)
    }
    visit(tx.lockTime)
  }
}

function visitTheirs(block: Theirs, visit: Visit): void {
  for (const tx of transactionsOf(block)) {
    // Its version is unsigned, against the protocol; that is not what this file is about.
    visit(tx.version | 0)
    for (const input of tx.ins) {
      visit(input.hash)
      visit(input.index)
      visit(input.script)
      visit(input.sequence)
      for (const item of input.witness) visit(item)
    }
    for (const output of tx.outs) {
      visit(output.value)
      visit(output.script)
    }
    visit(tx.locktime)
  }
}

/** A digest of every field, with the length of each byte string before it. */
function digest(walk: (visit: Visit) => void): string {
  const hash = createHash('sha256')
  walk(field => {
    if (typeof field === 'object') hash.update(`${field.length}:`).update(field)
    else hash.update(`${field};`)
  })
  return hash.digest('hex')
}

/** Reads every field; of byte strings the length and the first byte. */
function readOurs(block: Block): number {
  let sum = 0
  for (const tx of block.transactions) {
    sum += tx.version + tx.lockTime
    for (const input of tx.inputs) {
      const { txid, index } = input.outpoint
      const { scriptSig } = input
      sum += txid[0]! + index + scriptSig.length + (scriptSig[0] ?? 0) + input.sequence
      for (const item of input.witness) sum += item.length + (item[0] ?? 0)
    }
    for (const { value, scriptPubKey } of tx.outputs) {
      sum += Number(value) + scriptPubKey.length + (scriptPubKey[0] ?? 0)
    }
  }
  return sum
}

function readTheirs(block: Theirs): number {
  let sum = 0
  for (const tx of transactionsOf(block)) {
    sum += (tx.version | 0) + tx.locktime
    for (const { hash, index, script, sequence, witness } of tx.ins) {
      sum += hash[0]! + index + script.length + (script[0] ?? 0) + sequence
      for (const item of witness) sum += item.length + (item[0] ?? 0)
    }
    for (const { value, script } of tx.outs) {
      sum += Number(value) + script.length + (script[0] ?? 0)
    }
  }
  return sum
}

const txidsTheirs = (block: Theirs) => transactionsOf(block).map(tx => tx.getHash())

function assertEqual(what: string, ours: unknown, theirs: unknown): void {
  if (ours === theirs) return
  console.error(`${what} differ: ours ${ours}, theirs ${theirs}`)
  process.exit(1)
}

const block = decode()
const theirs = decodeTheirs()
assertEqual('txids', block.txids().map(bytesToHex).join(), txidsTheirs(theirs).map(bytesToHex).join())
assertEqual(
  'fields',
  digest(visit => visitOurs(block, visit)),
  digest(visit => visitTheirs(theirs, visit)),
)
assertEqual('sums', readOurs(block), readTheirs(theirs))

const witnesses = Array.from(block.transactions).filter(tx => tx.hasWitness).length
console.log(
  `${source}: ${bytes.length} bytes, ${block.transactions.length} transactions, ${witnesses} with witness; equal outputs`,
)
console.log(`Node ${process.version}, medians of ${rounds} rounds in turns, milliseconds a block\n`)

// bitcoinjs-lib copies every field out of a Uint8Array, and takes views of a Buffer: its best case is here as well.
const buffer = Buffer.from(bytes)
const decodeBuffer = () => bitcoinjs.Block.fromBuffer(buffer)

const pairs = [
  {
    name: 'validated decode',
    target: 40,
    ours: decode,
    theirs: decodeTheirs,
    best: decodeBuffer,
  },
  {
    name: 'decode + all txids',
    target: 15,
    ours: () => decode().txids(),
    theirs: () => txidsTheirs(decodeTheirs()),
    best: () => txidsTheirs(decodeBuffer()),
  },
  {
    name: 'decode + every field read',
    target: 4,
    ours: () => readOurs(decode()),
    theirs: () => readTheirs(decodeTheirs()),
    best: () => readTheirs(decodeBuffer()),
  },
] as const

const timings = interleave(
  pairs.flatMap(({ name, ours, theirs, best }) => [
    { name, run: ours },
    { name, run: theirs },
    { name, run: best },
  ]),
  rounds,
)
const milliseconds = ({ rounds: all }: Timing) => median(all).toFixed(2)
printTable([
  ['', 'rxpeer', 'bitcoinjs-lib', 'ratio', 'target', 'given a Buffer', 'ratio'],
  ...pairs.map(({ name, target }, index) => {
    const [ours, other, best] = timings.slice(3 * index, 3 * index + 3) as [Timing, Timing, Timing]
    return [
      name,
      milliseconds(ours),
      milliseconds(other),
      `${ratio(other, ours).toFixed(1)}x`,
      `>= ${target}x`,
      milliseconds(best),
      `${ratio(best, ours).toFixed(1)}x`,
    ]
  }),
])

const COPIES = 20
const times = (size: number) => `${(size / bytes.length).toFixed(2)}x`
const make = () => bytes.slice()
console.log(`\nheap kept by a decoded block, in multiples of its ${bytes.length} bytes (${COPIES} blocks)\n`)
printTable([
  ['', 'rxpeer', 'bitcoinjs-lib', 'target'],
  [
    'beside the bytes it came in',
    times(retained(COPIES, make, copy => Block.decode(copy))),
    times(retained(COPIES, make, copy => bitcoinjs.Block.fromBuffer(copy))),
    '<= 1x',
  ],
  [
    'and after every field was read',
    times(retained(COPIES, make, copy => read(Block.decode(copy), readOurs))),
    times(retained(COPIES, make, copy => read(bitcoinjs.Block.fromBuffer(copy), readTheirs))),
    '',
  ],
])

function read<T>(value: T, all: (value: T) => number): T {
  all(value)
  return value
}
