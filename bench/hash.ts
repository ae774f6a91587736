/**
 * SHA-256 by length of the input: our short hash against both backends, and the lanes against one hash after the
 * other. What `small` of the backends and `Block.txids()` rest on. Run it with `npx tsx bench/hash.ts [rounds]`.
 */
import { createHash } from 'node:crypto'
import { sha256 as nobleSha256, small as nobleSmall } from '../src/wire/crypto/noble.js'
import { sha256 as nodeSha256, small as nodeSmall } from '../src/wire/crypto/node.js'
import { smallSha256 } from '../src/wire/crypto/small-sha256.js'
import { checksumAt, checksums } from '../src/wire/hash.js'
import { bytesToHex } from '../src/wire/index.js'
import { interleave, median, printTable } from './support/interleave.js'

const rounds = Number(process.argv[2] ?? 15)
const out = new Uint8Array(32)
const message = (length: number) => Uint8Array.from({ length }, (_, i) => i & 0xff)

console.log(`Node ${process.version}, medians of ${rounds} rounds in turns, nanoseconds a hash`)
console.log(`the node backend takes over above ${nodeSmall} bytes, noble above ${nobleSmall}\n`)
const byLength = [32, 55, 56, 80, 119, 150, 250, 283, 500, 1_000, 10_000].map(length => {
  const bytes = message(length)
  const expected = createHash('sha256').update(bytes).digest('hex')
  smallSha256(bytes, out)
  for (const digest of [out, nodeSha256(bytes), nobleSha256(bytes)]) {
    if (bytesToHex(digest) !== expected) throw new Error(`a hash of ${length} bytes is wrong`)
  }
  const timings = interleave(
    [
      { name: 'small', run: () => smallSha256(bytes, out) },
      { name: 'node', run: () => nodeSha256(bytes) },
      { name: 'noble', run: () => nobleSha256(bytes) },
      { name: 'createHash', run: () => createHash('sha256').update(bytes).digest() },
    ],
    rounds,
  )
  return [`${length} bytes`, ...timings.map(timing => (median(timing.rounds) * 1e6).toFixed(0))]
})
printTable([['sha256', 'smallSha256', 'node backend', 'noble backend', 'createHash'], ...byLength])

const COUNT = 1_000
console.log(`\nSHA256d of ${COUNT} messages of one length: their first words, as of payloads in a chunk\n`)
const batches = [8, 37, 80, 150, 283, 1_000].map(length => {
  const bytes = message(length * COUNT)
  const lengths = new Int32Array(COUNT).fill(length)
  const starts = lengths.map((_, i) => i * length)
  const words = new Int32Array(COUNT)
  const onesOf = () => {
    for (let i = 0; i < COUNT; i += 1) words[i] = checksumAt(bytes, starts[i]!, length)
    return words.slice()
  }
  const foursOf = () => {
    checksums(bytes, starts, lengths, 0, COUNT, words)
    return words.slice()
  }
  if (onesOf().join() !== foursOf().join()) throw new Error('the lanes are wrong')
  const [single, lanes] = interleave(
    [
      { name: 'single', run: onesOf },
      { name: 'lanes', run: foursOf },
    ],
    rounds,
  ).map(timing => median(timing.rounds) * (1e6 / COUNT)) as [number, number]
  return [`${length} bytes`, single.toFixed(0), lanes.toFixed(0), `${(single / lanes).toFixed(1)}x`]
})
printTable([['sha256d', 'one by one', 'in lanes', 'ratio'], ...batches])
