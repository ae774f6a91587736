/** A source of numbers: an integer from 0 up to, and not including, `below`. */
export type Pick = (below: number) => number

/** A repeatable source of numbers (the mulberry32 generator). */
export function seeded(seed: number): Pick {
  let state = seed >>> 0
  return below => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below)
  }
}

function spliced(bytes: Uint8Array, at: number, removed: number, added: Uint8Array): Uint8Array {
  const end = Math.min(at + removed, bytes.length)
  const result = new Uint8Array(bytes.length - (end - at) + added.length)
  result.set(bytes.subarray(0, at))
  result.set(added, at)
  result.set(bytes.subarray(end), at + added.length)
  return result
}

/** Sizes that lie: the borders of every form, and far more than any message holds. */
const lies: readonly Uint8Array[] = [
  [0xfc],
  [0xfd, 0xfc, 0x00],
  [0xfd, 0xff, 0xff],
  [0xfe, 0xff, 0xff, 0x00, 0x00],
  [0xfe, 0x00, 0x09, 0x3d, 0x00],
  [0xfe, 0x00, 0x00, 0x00, 0x02],
  [0xfe, 0xff, 0xff, 0xff, 0xff],
  [0xff, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
].map(lie => Uint8Array.from(lie))

const mutations: readonly ((bytes: Uint8Array, pick: Pick) => Uint8Array)[] = [
  // Nothing.
  bytes => bytes,
  // A flipped bit.
  (bytes, pick) => {
    const flipped = bytes.slice()
    const at = pick(bytes.length)
    if (at < flipped.length) flipped[at]! ^= 1 << pick(8)
    return flipped
  },
  // A byte on one of its borders.
  (bytes, pick) =>
    spliced(bytes, pick(bytes.length), 1, Uint8Array.of([0, 1, 2, 0x7f, 0x80, 0xfc, 0xff][pick(7)]!)),
  // A cut.
  (bytes, pick) => bytes.slice(0, pick(bytes.length + 1)),
  // A hole.
  (bytes, pick) => spliced(bytes, pick(bytes.length + 1), 1 + pick(40), new Uint8Array(0)),
  // An insertion.
  (bytes, pick) =>
    spliced(
      bytes,
      pick(bytes.length + 1),
      0,
      Uint8Array.from({ length: 1 + pick(8) }, () => pick(256)),
    ),
  // A lie in place of a byte near the front, where most counts are, or anywhere.
  (bytes, pick) =>
    spliced(
      bytes,
      pick(pick(2) === 0 ? Math.min(bytes.length + 1, 90) : bytes.length + 1),
      1,
      lies[pick(lies.length)]!,
    ),
]

/** `bytes` with one to three mutations, or with none at all. The argument is never written to. */
export function mutate(bytes: Uint8Array, pick: Pick): Uint8Array {
  let mutated = bytes
  for (let rounds = 1 + pick(3); rounds > 0; rounds -= 1) {
    mutated = mutations[pick(mutations.length)]!(mutated, pick)
  }
  return mutated
}
