/**
 * What a peer reads all day: full inv and headers messages, and many small ones through the deframer. Each case stands
 * beside the plainest way to do the same by hand. Run it with `npx tsx bench/messages.ts [rounds]`.
 */
import { Deframer, decodeMessage, encodeFrame, encodeMessage, type Message, mainnet } from 'rxpeer/wire'
import { seeded } from '../test/support/mutate.js'
import { interleave, median, printTable } from './support/interleave.js'

const rounds = Number(process.argv[2] ?? 15)
const pick = seeded(1)
const bytes = (length: number) => Uint8Array.from({ length }, () => pick(256))

function must<C extends Message['command']>(message: Message, command: C): Extract<Message, { command: C }> {
  const is = (candidate: Message): candidate is Extract<Message, { command: C }> =>
    candidate.command === command
  if (!is(message)) throw new Error(`${message.command} where ${command} belongs`)
  return message
}

const INVENTORY = 50_000
const invPayload = encodeMessage({
  command: 'inv',
  inventory: Array.from({ length: INVENTORY }, () => ({ type: 5, hash: bytes(32) })),
})
const decodeInv = () => must(decodeMessage('inv', invPayload), 'inv')
function iterateInv(): number {
  let sum = 0
  for (const { type, hash } of decodeInv().inventory) sum += type + hash[0]!
  return sum
}

const HEADERS = 2_000
const headersPayload = (() => {
  const payload = new Uint8Array(3 + 81 * HEADERS)
  payload.set([0xfd, HEADERS & 0xff, HEADERS >>> 8])
  for (let i = 0; i < HEADERS; i += 1) payload.set(bytes(80), 3 + 81 * i)
  return payload
})()
const decodeHeaders = () => must(decodeMessage('headers', headersPayload), 'headers')
function hashHeaders(): number {
  let sum = 0
  for (const header of decodeHeaders().headers) sum += header.hash[0]!
  return sum
}

/** Small messages in the mix of a listening node: mostly inv of a few entries, some pings and fee filters. */
const SMALL = 10_000
const frames = Array.from({ length: SMALL }, (_, i) => {
  const message: Message =
    i % 10 === 0
      ? { command: 'ping', nonce: BigInt(i) }
      : i % 10 === 1
        ? { command: 'feefilter', feeRate: 1_000n }
        : {
            command: 'inv',
            inventory: Array.from({ length: 1 + pick(8) }, () => ({ type: 5, hash: bytes(32) })),
          }
  return encodeFrame(mainnet.magic, message.command, encodeMessage(message))
})
const stream = new Uint8Array(frames.reduce((total, frame) => total + frame.length, 0))
let end = 0
for (const frame of frames) {
  stream.set(frame, end)
  end += frame.length
}

/** Reads the stream in chunks of `size` bytes; answers how many messages came out. */
function readStream(size: number): number {
  const deframer = new Deframer(mainnet.magic)
  let count = 0
  for (let at = 0; at < stream.length; at += size) {
    deframer.push(stream.subarray(at, at + size))
    for (let frame = deframer.next(); frame !== undefined; frame = deframer.next()) {
      if (frame.checksumValid && decodeMessage(frame.name, frame.payload).command === frame.name) count += 1
    }
  }
  return count
}
for (const size of [stream.length, 65_536, 1_460]) {
  if (readStream(size) !== SMALL) throw new Error('a message was lost')
}

const cases = [
  { name: `inv of ${INVENTORY}: decode`, items: 1, unit: 'messages', run: decodeInv },
  {
    name: `inv of ${INVENTORY}: decode, read every entry`,
    items: INVENTORY,
    unit: 'entries',
    run: iterateInv,
  },
  { name: `headers of ${HEADERS}: decode`, items: 1, unit: 'messages', run: decodeHeaders },
  { name: `headers of ${HEADERS}: decode, hash each`, items: HEADERS, unit: 'headers', run: hashHeaders },
  { name: 'small messages, one chunk', items: SMALL, unit: 'messages', run: () => readStream(stream.length) },
  { name: 'small messages, chunks of 64 KiB', items: SMALL, unit: 'messages', run: () => readStream(65_536) },
  {
    name: 'small messages, chunks of 1,460 bytes',
    items: SMALL,
    unit: 'messages',
    run: () => readStream(1_460),
  },
]
console.log(`Node ${process.version}, medians of ${rounds} rounds in turns\n`)
const timings = interleave(cases, rounds)
printTable([
  ['', 'ms', 'a second'],
  ...cases.map(({ name, items, unit }, index) => {
    const milliseconds = median(timings[index]?.rounds ?? [])
    const rate = Math.round((items / milliseconds) * 1_000)
    return [name, milliseconds.toFixed(3), `${rate.toLocaleString('en')} ${unit}`]
  }),
])
