/**
 * Mutated frames of every command, through the deframer, the decoder and the plain form. Nothing but a WireError may
 * come out. Run it with `npx tsx bench/fuzz.ts [frames] [seed]`; it exits 1 on any other error.
 *
 * Memory is counted as the bytes of all typed arrays made by number while a frame was pushed, decoded and read, freed
 * ones included, against the bytes of that frame. Allocations of up to 4 KiB are not put in relation.
 */
import fc from 'fast-check'
import { Deframer } from '../src/wire/deframer.js'
import { WireError } from '../src/wire/error.js'
import { encodeFrame } from '../src/wire/frame.js'
import {
  decodeMessage,
  encodeMessage,
  isKnownCommand,
  type Message,
  messageTypes,
  toPlain,
} from '../src/wire/messages.js'
import { regtest } from '../src/wire/network.js'
import { messageArbitraries } from '../test/support/arbitraries.js'
import { mutate, seeded } from '../test/support/mutate.js'

const frames = Number(process.argv[2] ?? 1_000_000)
const seed = Number(process.argv[3] ?? 1)
const pick = seeded(seed)

let allocated = 0

/** The constructor `kind`, counting the bytes that are asked for by number. */
function counting<T extends typeof Uint8Array | typeof Uint32Array>(kind: T): T {
  return new Proxy(kind, {
    construct(target, args: unknown[], newTarget) {
      if (typeof args[0] === 'number') allocated += args[0] * target.BYTES_PER_ELEMENT
      return Reflect.construct(target, args, newTarget)
    },
  })
}

/** What stands for a decoded message in the counts. */
const DECODED = 'decoded'

/** Cuts `bytes` into chunks of its own and reads every frame; answers what became of it. */
function outcomeOf(bytes: Uint8Array): string {
  const deframer = new Deframer(regtest.magic)
  let outcome = 'incomplete'
  try {
    for (let at = 0; at < bytes.length; ) {
      const end = Math.min(bytes.length, at + 1 + pick(bytes.length))
      deframer.push(bytes.subarray(at, end))
      at = end
      for (let frame = deframer.next(); frame !== undefined; frame = deframer.next()) {
        if (!frame.checksumValid) {
          outcome = 'bad-checksum'
          continue
        }
        const protocolVersion = pick(4) > 0 ? undefined : [70_001, 60_000, 31_401, 208][pick(4)]
        const message = decodeMessage(frame.name, frame.payload, { protocolVersion, lenient: pick(4) === 0 })
        JSON.stringify(toPlain(message))
        outcome = message.command === 'unknown' ? 'unknown' : DECODED
      }
    }
  } catch (error) {
    if (!(error instanceof WireError)) throw error
    outcome = error.code
  }
  return outcome
}

const commands = Object.keys(messageTypes).filter(isKnownCommand)
const payloads = new Map(
  commands.map(command => {
    const arbitrary: fc.Arbitrary<Message> = messageArbitraries[command]
    const samples = fc.sample(arbitrary, { numRuns: 200, seed })
    return [command, samples.map(sample => encodeMessage(sample))]
  }),
)

globalThis.Uint8Array = counting(Uint8Array)
globalThis.Uint32Array = counting(Uint32Array)

const counts = new Map<string, Map<string, number>>()
let worst = { ratio: 0, command: '', arrived: 0, allocated: 0 }
const started = performance.now()
for (let i = 0; i < frames; i += 1) {
  const command = commands[i % commands.length]!
  const known = payloads.get(command)!
  const payload = mutate(known[pick(known.length)]!, pick)
  const whole = encodeFrame(regtest.magic, command, payload)
  const bytes = pick(8) === 0 ? mutate(whole, pick) : whole
  allocated = 0
  let outcome: string
  try {
    outcome = outcomeOf(bytes)
  } catch (error) {
    console.error(`${command}, frame ${i}, seed ${seed}: ${Buffer.from(bytes).toString('hex')}`)
    console.error(error)
    process.exit(1)
  }
  const ratio = allocated / bytes.length
  if (allocated > 4_096 && ratio > worst.ratio) {
    worst = { ratio, command, arrived: bytes.length, allocated }
  }
  const row = counts.get(command) ?? new Map<string, number>()
  row.set(outcome, (row.get(outcome) ?? 0) + 1)
  counts.set(command, row)
}
const seconds = (performance.now() - started) / 1_000

const totals = new Map<string, number>()
for (const [command, row] of [...counts].sort()) {
  const ranked = [...row].sort(([, a], [, b]) => b - a)
  console.log(`${command.padEnd(12)} ${ranked.map(([outcome, count]) => `${outcome} ${count}`).join(', ')}`)
  for (const [outcome, count] of row) totals.set(outcome, (totals.get(outcome) ?? 0) + count)
}
const ranked = [...totals].sort(([, a], [, b]) => b - a)
console.log(`\nall          ${ranked.map(([outcome, count]) => `${outcome} ${count}`).join(', ')}`)
console.log(
  `most memory  ${worst.ratio.toFixed(2)} times what arrived (${worst.command}: ${worst.allocated} of ${worst.arrived} bytes)`,
)
console.log(`${frames} frames, seed ${seed}, ${seconds.toFixed(1)} s; nothing but WireError was thrown`)
