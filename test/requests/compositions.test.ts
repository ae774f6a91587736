import fc from 'fast-check'
import { catchError, EMPTY, finalize, mergeMap, type Observable, tap, timer } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { consume } from '../../src/peer/consume.js'
import { channelOf } from '../../src/peer/face.js'
import type { Peer } from '../../src/peer/peer.js'
import { getHeaders } from '../../src/requests/get-headers.js'
import { getTransactions } from '../../src/requests/get-transactions.js'
import { pingOnce } from '../../src/requests/ping-once.js'
import { RequestError } from '../../src/requests/request-error.js'
import { syncHeaders } from '../../src/requests/sync-headers.js'
import { virtualTime } from '../../src/testing/virtual-time.js'
import { toHex } from '../../src/wire/hex.js'
import { InventoryType } from '../../src/wire/inventory.js'
import type { Message } from '../../src/wire/messages.js'
import { regtest } from '../../src/wire/network.js'
import type { Transaction } from '../../src/wire/transaction.js'
import { converse } from '../support/conversation.js'
import { sampleTransaction } from '../support/samples.js'

/** Enough for a wedge that takes two or three steps; more where somebody looks for one. */
const RUNS = Number(process.env['RXPEER_RUNS'] ?? 100)

/** What happens one after the other, with some time between. */
type Step =
  | {
      readonly does: 'fetch'
      readonly from: number
      readonly count: number
      readonly slow: boolean
      readonly nested: boolean
    }
  | { readonly does: 'ping' | 'headers' | 'sync' }
  | { readonly does: 'hold'; readonly bytes: number; readonly ms: number }
  | { readonly does: 'give up'; readonly which: number }
  | { readonly does: 'wait'; readonly ms: number }
  | { readonly does: 'end'; readonly how: 'eof' | 'reset' | 'ours' }

/** What a remote does to an answer. */
type Whim = 'at once' | 'late' | 'never' | 'notfound'

const transactions: readonly Transaction[] = Array.from({ length: 60 }, (_, place) =>
  sampleTransaction({ lockTime: place, scripts: [new Uint8Array(200 + 37 * place)] }),
)
const places = new Map(transactions.map(({ txid }, place) => [toHex(txid), place]))

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      does: fc.constant('fetch' as const),
      from: fc.integer({ min: 0, max: 40 }),
      count: fc.integer({ min: 1, max: 20 }),
      slow: fc.boolean(),
      nested: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ does: fc.constantFrom('ping' as const, 'headers' as const, 'sync' as const) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      does: fc.constant('hold' as const),
      bytes: fc.integer({ min: 0, max: 6_000 }),
      ms: fc.integer({ min: 1, max: 50_000 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('give up' as const), which: fc.nat({ max: 20 }) }) },
  {
    weight: 3,
    arbitrary: fc.record({ does: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 40_000 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      does: fc.constant('end' as const),
      how: fc.constantFrom('eof' as const, 'reset' as const, 'ours' as const),
    }),
  },
)
const whims = fc.infiniteStream(
  fc.oneof(
    { weight: 6, arbitrary: fc.constant<Whim>('at once') },
    { weight: 3, arbitrary: fc.constant<Whim>('late') },
    { weight: 1, arbitrary: fc.constant<Whim>('never') },
    { weight: 1, arbitrary: fc.constant<Whim>('notfound') },
  ),
)

/** Everything that happened, in words. */
function run(
  steps: readonly Step[],
  whim: Iterator<Whim>,
): { readonly history: readonly string[]; readonly open: number; readonly left: number } {
  const time = virtualTime()
  const history: string[] = []
  const { peer, said, remote } = converse({
    scheduler: time.scheduler,
    clock: time.clock,
    memoryLimit: 10_000,
    // Nothing else ends the peer, or a request with it.
    behaviors: { keepAlive: false, pingTimeout: false, idle: false, stall: false },
    random: { bytes: size => new Uint8Array(size).fill(history.length) },
  })
  let over = false
  peer.closed$.subscribe(() => {
    over = true
  })
  const say = (message: Message) => {
    if (!over) said.next(message)
  }
  const answers = (message: Message): readonly Message[] => {
    if (message.command === 'ping') return [{ command: 'pong', nonce: message.nonce }]
    if (message.command === 'getheaders') return [{ command: 'headers', headers: [] }]
    if (message.command !== 'getdata') return []
    return Array.from(
      message.inventory,
      ({ hash }): Message => ({
        command: 'tx',
        transaction: transactions[places.get(toHex(hash)) ?? 0] ?? sampleTransaction(),
      }),
    )
  }
  remote.sent$.subscribe(message => {
    for (const answer of answers(message)) {
      const how: Whim = answer.command === 'pong' ? 'at once' : (whim.next().value ?? 'never')
      if (how === 'at once') say(answer)
      else if (how === 'late')
        timer(1 + (history.length % 7) * 5_000, time.scheduler).subscribe(() => say(answer))
      else if (how === 'notfound' && answer.command === 'tx') {
        say({
          command: 'notfound',
          inventory: [{ type: InventoryType.witnessTx, hash: answer.transaction.txid }],
        })
      }
    }
  })
  let open = 0
  const running: { unsubscribe(): void }[] = []
  const follow = (name: string, source$: Observable<unknown>) => {
    open += 1
    history.push(`${name} begins`)
    running.push(
      source$
        .pipe(
          tap({ next: () => history.push(`${name} next`), complete: () => history.push(`${name} done`) }),
          catchError((error: unknown) => {
            history.push(`${name} ${error instanceof RequestError ? error.code : String(error)}`)
            return EMPTY
          }),
          finalize(() => {
            open -= 1
          }),
        )
        .subscribe(),
    )
  }
  const questions: Record<'ping' | 'headers' | 'sync', (of: Peer) => Observable<unknown>> = {
    ping: of => pingOnce(of, { timeout: 3_000, retries: 1 }),
    headers: of => getHeaders(of, [regtest.genesis.hash], { timeout: 20_000, retries: 1 }),
    sync: of => syncHeaders(of, undefined, { timeout: 20_000 }),
  }
  const take = (one: Step, index: number) => {
    const name = `${index} ${one.does}`
    if (one.does === 'wait') time.advance(one.ms)
    else if (one.does === 'hold') {
      const release = peer.hold(one.bytes)
      timer(one.ms, time.scheduler).subscribe(release)
    } else if (one.does === 'give up') running[one.which]?.unsubscribe()
    else if (one.does === 'end') {
      if (over) return
      if (one.how === 'ours') peer.disconnect()
      else if (one.how === 'eof') said.complete()
      else said.error(new Error('reset'))
      over = true
    } else if (one.does === 'fetch') {
      const ids = transactions.slice(one.from, one.from + one.count).map(({ txid }) => txid)
      const found$ = getTransactions(peer, 'txid', ids, { timeout: 10_000, retries: 1, missing: 'skip' })
      const handle = () =>
        one.nested
          ? getTransactions(peer, 'txid', ids, { timeout: 5_000 }).pipe(catchError(() => EMPTY))
          : timer(one.slow ? 15_000 : 1, time.scheduler)
      follow(
        name,
        found$.pipe(
          one.slow ? consume(peer, handle, { bytes: ({ bytes }) => bytes.length }) : mergeMap(handle),
        ),
      )
    } else follow(name, questions[one.does](peer))
  }
  steps.forEach(take)
  // Longer than all deadlines and handlers together, one after the other.
  for (let i = 0; i < 200 && open > 0; i += 1) time.advance(60_000)
  if (open > 0) history.push(`${open} open`)
  return { history, open, left: channelOf(peer).requested() }
}

describe('requests, holds, ends and time in any order', () => {
  it(
    'all come to an end, hold nothing back then, and go the same way twice',
    () => {
      fc.assert(
        fc.property(fc.array(step, { minLength: 1, maxLength: 14 }), whims, (steps, stream) => {
          const drawn: Whim[] = []
          const first = run(steps, {
            next: () => {
              const { value } = stream.next()
              drawn.push(value ?? 'never')
              return { done: false, value: value ?? 'never' }
            },
          })
          expect([first.open, first.left, first.history.filter(line => line.includes('open'))]).toEqual([
            0,
            0,
            [],
          ])
          expect(run(steps, drawn[Symbol.iterator]()).history).toEqual(first.history)
        }),
        { numRuns: RUNS },
      )
    },
    30 * RUNS + 10_000,
  )
})
