import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { filter, ReplaySubject } from 'rxjs'
import {
  acceptEach,
  type Endpoint,
  InventoryType,
  type NonceRegistry,
  open,
  type Peer,
  regtest,
} from 'rxpeer'
import { listen, tcp } from 'rxpeer/node'
import type { Inventory } from 'rxpeer/wire'
import { expect, it } from 'vitest'
import { eventually, within } from '../interop/waiting.js'

const PEERS = 200
const ROUNDS = 3
/** Bytes for what the runtime learns between two rounds; a peer that stays costs ten times its share. */
const TOLERANCE = 2 * PEERS * (ROUNDS - 1) * 1024

setFlagsFromString('--expose-gc')
const collectGarbage: unknown = runInNewContext('gc')

/** Frees all that nobody holds; what a task in progress still holds is free with the next one. */
async function tidy(): Promise<void> {
  if (typeof collectGarbage !== 'function') throw new Error('the runtime offers no gc')
  await setImmediate()
  collectGarbage()
}

/** Bytes in use: objects, and the buffers that lie outside of the heap. */
function memory(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

/** What keeps the process alive, by kind. */
function handles(): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const kind of process.getActiveResourcesInfo()) counts[kind] = (counts[kind] ?? 0) + 1
  return counts
}

/** A registry that tells how many nonces it holds. */
function countedNonces(): NonceRegistry & { readonly size: number } {
  const nonces = new Set<bigint>()
  return {
    add: nonce => void nonces.add(nonce),
    delete: nonce => void nonces.delete(nonce),
    has: nonce => nonces.has(nonce),
    get size() {
      return nonces.size
    },
  }
}

/** Inventory that only the peer of this number sends. */
function inventoryOf(n: number): readonly Inventory[] {
  return Array.from({ length: 10 }, (_, i) => ({
    type: InventoryType.tx,
    hash: new Uint8Array(32).fill(i).with(0, n & 0xff),
  }))
}

it(`has ${PEERS} peers in one process ${ROUNDS} times, and nothing of them stays`, async () => {
  const nonces = { dialling: countedNonces(), listening: countedNonces() }
  /** Every peer of the round, on both sides. */
  const met: WeakRef<Peer>[] = []
  /** How often peers have ended how, in all rounds. */
  const ends = new Map<string, number>()
  const count = (what: string) => void ends.set(what, (ends.get(what) ?? 0) + 1)
  const meet = (peer: Peer) => {
    met.push(new WeakRef(peer))
    peer.closed$.subscribe(({ by, code }) => count(`${by}: ${code}`))
  }

  const listening$ = new ReplaySubject<Endpoint>(1)
  const listener = listen({ host: '127.0.0.1', port: 0, listening: at => listening$.next(at) })
    .pipe(
      acceptEach({
        network: regtest,
        nonces: nonces.listening,
        failed: ({ code }) => count(`failed: ${code}`),
      }),
    )
    .subscribe(peer => {
      meet(peer)
      peer.on('inv').subscribe(inv => peer.send(inv))
      // Half of the peers are left by us, the other half leave.
      peer.on('getaddr').subscribe(() => peer.disconnect())
    })

  try {
    const { port } = await within('the listener listens', listening$)

    async function live(n: number): Promise<void> {
      const peer = await open(tcp({ host: '127.0.0.1', port }), { network: regtest, nonces: nonces.dialling })
      meet(peer)
      const inventory = inventoryOf(n)
      const echo = within('our inventory comes back', peer.on('inv'))
      const pong = within('a pong', peer.on('pong').pipe(filter(({ nonce }) => nonce === BigInt(n))))
      peer.send({ command: 'inv', inventory })
      peer.send({ command: 'ping', nonce: BigInt(n) })
      expect(Array.from((await echo).inventory)).toEqual(inventory)
      await pong
      if (n % 2 === 0) peer.disconnect()
      else peer.send({ command: 'getaddr' })
      await within('the end', peer.closed$)
    }

    const levels: { readonly handles: Readonly<Record<string, number>>; readonly memory: number }[] = []
    for (let round = 1; round <= ROUNDS; round += 1) {
      await Promise.all(Array.from({ length: PEERS }, (_, n) => live(n)))
      // Half of the peers of each side end themselves, and `acceptEach` tells of the others.
      const half = PEERS * round
      await eventually('both sides have ended', async () => {
        const ended = [...ends.values()].reduce((sum, times) => sum + times, 0)
        return ended >= 2.5 * half || undefined
      })
      expect(Object.fromEntries(ends)).toEqual({
        'local: disconnected': half,
        'remote: remote-closed': half,
        'failed: remote-closed': half / 2,
      })
      expect(met.length).toBe(2 * PEERS)
      await eventually('no peer is left in memory', async () => {
        await tidy()
        return met.every(peer => peer.deref() === undefined) || undefined
      })
      await eventually('no socket is left', async () => handles()['TCPSocketWrap'] === undefined || undefined)
      expect({ dialling: nonces.dialling.size, listening: nonces.listening.size }).toEqual({
        dialling: 0,
        listening: 0,
      })
      met.length = 0
      levels.push({ handles: handles(), memory: memory() })
    }

    const [first] = levels
    for (const { handles, memory } of levels) {
      expect(handles).toEqual(first?.handles)
      expect(memory).toBeLessThan((first?.memory ?? 0) + TOLERANCE)
    }
  } finally {
    listener.unsubscribe()
  }
  await eventually('nobody listens', async () => handles()['TCPServerWrap'] === undefined || undefined)
})
