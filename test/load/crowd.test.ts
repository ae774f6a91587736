import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { filter, ReplaySubject } from 'rxjs'
import {
  acceptEach,
  type CloseReason,
  type Endpoint,
  type Inventory,
  InventoryType,
  type NonceRegistry,
  open,
  type Peer,
  type PeerError,
  regtest,
} from 'rxpeer'
import { listen, tcp } from 'rxpeer/node'
import { expect, it } from 'vitest'
import { eventually, within } from '../interop/waiting.js'

const PEERS = 200
const ROUNDS = 3
/** Bytes of heap that tests and runtime may keep between two rounds: a kilobyte a connection. */
const TOLERANCE = 2 * PEERS * 1024

setFlagsFromString('--expose-gc')
const collectGarbage: unknown = runInNewContext('gc')

/** Frees all that nobody holds; what a task in progress still holds is free with the next one. */
async function tidy(): Promise<void> {
  if (typeof collectGarbage !== 'function') throw new Error('the runtime offers no gc')
  await setImmediate()
  collectGarbage()
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
  /** Every peer there ever was, on both sides. */
  const all: WeakRef<Peer>[] = []
  const ends: CloseReason[] = []
  const failures: PeerError['code'][] = []
  const meet = (peer: Peer) => {
    all.push(new WeakRef(peer))
    peer.closed$.subscribe(end => ends.push(end))
  }

  const listening$ = new ReplaySubject<Endpoint>(1)
  const listener = listen({ host: '127.0.0.1', port: 0, listening: at => listening$.next(at) })
    .pipe(
      acceptEach({
        network: regtest,
        nonces: nonces.listening,
        failed: ({ code }) => failures.push(code),
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

    const levels: { readonly handles: Readonly<Record<string, number>>; readonly heap: number }[] = []
    for (let round = 1; round <= ROUNDS; round += 1) {
      await Promise.all(Array.from({ length: PEERS }, (_, n) => live(n)))
      await eventually('both sides have ended', async () => ends.length === 2 * PEERS * round || undefined)
      expect(all.length).toBe(2 * PEERS * round)
      await eventually('no peer is left in memory', async () => {
        await tidy()
        return all.every(peer => peer.deref() === undefined) || undefined
      })
      await eventually('no socket is left', async () => handles()['TCPSocketWrap'] === undefined || undefined)
      expect({ dialling: nonces.dialling.size, listening: nonces.listening.size }).toEqual({
        dialling: 0,
        listening: 0,
      })
      levels.push({ handles: handles(), heap: process.memoryUsage().heapUsed })
    }

    const codes = (by: CloseReason['by']) =>
      new Set(ends.filter(end => end.by === by).map(({ code }) => code))
    expect(codes('local')).toEqual(new Set(['disconnected']))
    expect(codes('remote')).toEqual(new Set(['remote-closed']))
    expect(failures).toEqual(Array.from({ length: (ROUNDS * PEERS) / 2 }, () => 'remote-closed'))
    console.log(levels)
    const [first] = levels
    for (const { handles, heap } of levels) {
      expect(handles).toEqual(first?.handles)
      expect(heap).toBeLessThan((first?.heap ?? 0) + TOLERANCE)
    }
  } finally {
    listener.unsubscribe()
  }
  await eventually('nobody listens', async () => handles()['TCPServerWrap'] === undefined || undefined)
})
