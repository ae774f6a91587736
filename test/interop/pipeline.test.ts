import { map, retry, Subject, switchMap, tap } from 'rxjs'
import { type Connection, connect, type Dial, InventoryType, ofCommand, toHex } from 'rxpeer'
import { tcp } from 'rxpeer/node'
import type { InvMessage } from 'rxpeer/wire'
import { expect, it } from 'vitest'
import { describeLitecoind, litecoinRegtest } from './litecoind.js'
import { eventually, within } from './waiting.js'

/** Counts the connections of a dial: how many there were, how many are open, and the most that were so at once. */
function counted(dial: Dial): {
  readonly dial: Dial
  readonly opened: number
  readonly open: number
  readonly most: number
} {
  const counter = {
    opened: 0,
    open: 0,
    most: 0,
    dial: dial.pipe(map(connection => count(connection))),
  }
  const count = (connection: Connection): Connection => {
    let open = true
    counter.opened += 1
    counter.open += 1
    counter.most = Math.max(counter.most, counter.open)
    const ended = () => {
      if (open) counter.open -= 1
      open = false
    }
    return {
      bytes$: connection.bytes$.pipe(tap({ error: ended, complete: ended })),
      write: (bytes, written) => connection.write(bytes, written),
      pause: () => connection.pause(),
      resume: () => connection.resume(),
      close: () => {
        ended()
        connection.close()
      },
      abort: () => {
        ended()
        connection.abort()
      },
      local: connection.local,
      remote: connection.remote,
      proxied: connection.proxied,
    }
  }
  return counter
}

const RESTARTS = 5

describeLitecoind("the README's first pipeline", node => {
  it(`follows a node over ${RESTARTS} restarts: a fresh peer each time, never two at once`, async () => {
    const { host, port } = node()
    const network = litecoinRegtest
    const userAgent = { name: 'watcher', version: '1.0.0' }
    const dials = counted(tcp({ host, port }))
    const invs$ = new Subject<InvMessage>()
    const failures: unknown[] = []

    const pipeline = connect(dials.dial, { network, userAgent })
      .pipe(
        switchMap(peer => peer.messages$.pipe(ofCommand('inv'))),
        retry({ delay: 100 }),
      )
      .subscribe({ next: inv => invs$.next(inv), error: error => failures.push(error) })
    try {
      for (let turn = 0; turn <= RESTARTS; turn += 1) {
        if (turn > 0) await node().restart()
        // It pings once the handshake is through, and announces nothing before.
        const info = await node().peer('the watcher', ({ pingtime }) => pingtime !== undefined)
        expect(info.subver).toMatch(/watcher:1\.0\.0\/$/)
        expect(await node().peers()).toHaveLength(1)

        const inv = within('an inv of the new block', invs$)
        const [hash] = await node().mine(1)
        expect(Array.from((await inv).inventory, entry => [entry.type, toHex(entry.hash)])).toEqual([
          [InventoryType.block, hash],
        ])
      }
    } finally {
      pipeline.unsubscribe()
    }
    expect(failures).toEqual([])
    expect(dials).toMatchObject({ opened: RESTARTS + 1, most: 1, open: 0 })
    await eventually('the node has no peer', async () => (await node().peers()).length === 0 || undefined)
  })
})
