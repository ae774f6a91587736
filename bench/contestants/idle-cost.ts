import { setTimeout } from 'node:timers/promises'

/** Connections that are open at the end. */
const PEERS = 5_000
/** Those before the first measurement, for what is made once. */
const FIRST = 100
/** How many are opened side by side. */
const TOGETHER = 50

interface Usage {
  readonly resident: number
  /** On the heap, and of buffers beside it. */
  readonly heap: number
}

async function settled(): Promise<Usage> {
  for (let i = 0; i < 4; i += 1) {
    globalThis.gc?.()
    await setTimeout(100)
  }
  const { rss, heapUsed, external } = process.memoryUsage()
  return { resident: rss, heap: heapUsed + external }
}

/** KB that each idle connection takes: of resident memory, or of the heap. */
export async function idleCost(
  open: () => Promise<unknown>,
  kind: keyof Usage = 'resident',
): Promise<number> {
  const kept: unknown[] = []
  const openTo = async (count: number) => {
    while (kept.length < count) kept.push(...(await Promise.all(Array.from({ length: TOGETHER }, open))))
  }
  await openTo(FIRST)
  const before = await settled()
  await openTo(PEERS)
  const after = await settled()
  return (after[kind] - before[kind]) / (kept.length - FIRST) / 1_000
}
