import { setTimeout } from 'node:timers/promises'

/** Connections that are open at the end. */
const PEERS = 5_000
/** Those before the first measurement, for what is made once. */
const FIRST = 100
/** How many are opened side by side. */
const TOGETHER = 50

async function settled(): Promise<number> {
  for (let i = 0; i < 4; i += 1) {
    globalThis.gc?.()
    await setTimeout(100)
  }
  return process.memoryUsage.rss()
}

/** KB of resident memory that each idle connection takes. */
export async function idleCost(open: () => Promise<unknown>): Promise<number> {
  const kept: unknown[] = []
  const openTo = async (count: number) => {
    while (kept.length < count) kept.push(...(await Promise.all(Array.from({ length: TOGETHER }, open))))
  }
  await openTo(FIRST)
  const before = await settled()
  await openTo(PEERS)
  const after = await settled()
  return (after - before) / (kept.length - FIRST) / 1_000
}
