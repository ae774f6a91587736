import { of, Subject, take } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { ofInventory } from '../../src/stream/of-inventory.js'
import { type Inventory, InventoryType } from '../../src/wire/inventory.js'
import { decodeMessage, encodeMessage, type Message } from '../../src/wire/messages.js'

const entry = (type: number, mark: number): Inventory => ({ type, hash: new Uint8Array(32).fill(mark) })
const tx = (mark: number) => entry(InventoryType.tx, mark)
const wtx = (mark: number) => entry(InventoryType.wtx, mark)
const block = (mark: number) => entry(InventoryType.block, mark)
const inv = (...inventory: readonly Inventory[]): Message => ({ command: 'inv', inventory })
const getdata: Message = { command: 'getdata', inventory: [block(9)] }

/** What a source gives, and how it ends. */
function collect(types: Parameters<typeof ofInventory>, source$ = new Subject<Message>(), enough = 99) {
  const log: (number | string)[] = []
  const subscription = source$.pipe(ofInventory(...types), take(enough)).subscribe({
    next: ({ hash }) => log.push(hash[0] ?? -1),
    error: error => log.push(`error ${error.message}`),
    complete: () => log.push('complete'),
  })
  return { log, source$, subscription }
}

describe('ofInventory', () => {
  it('emits the entries of its types one by one, of inv alone, and completes with the source', () => {
    const { log, source$ } = collect(['block'])
    for (const message of [inv(tx(1), block(2), block(3)), getdata, inv(), inv(block(4))])
      source$.next(message)
    source$.complete()
    expect(log).toEqual([2, 3, 4, 'complete'])
  })

  it('tells tx from wtx, and takes several types in their order', () => {
    const one = collect(['tx'])
    const both = collect(['wtx', 'tx'])
    for (const { source$ } of [one, both]) source$.next(inv(wtx(1), tx(2), block(3), wtx(4)))
    expect(one.log).toEqual([2])
    expect(both.log).toEqual([1, 2, 4])
  })

  it('reads the lists of received messages', () => {
    const received = decodeMessage('inv', encodeMessage(inv(block(1), tx(2), block(3))))
    const log: number[] = []
    of(received)
      .pipe(ofInventory('block'))
      .subscribe(({ hash }) => log.push(hash[0] ?? -1))
    expect(log).toEqual([1, 3])
  })

  it('passes errors on, and says nothing while the source does not', () => {
    const { log, source$ } = collect(['block'])
    expect(log).toEqual([])
    source$.error(new Error('broken'))
    expect(log).toEqual(['error broken'])
  })

  it('stops in the middle of a message when it is left', () => {
    const { log, source$ } = collect(['block'], undefined, 2)
    source$.next(inv(block(1), block(2), block(3)))
    expect(log).toEqual([1, 2, 'complete'])
    expect(source$.observed).toBe(false)
  })

  it('can be entered again by what it calls', () => {
    const source$ = new Subject<Message>()
    const log: number[] = []
    source$.pipe(ofInventory('block')).subscribe(({ hash }) => {
      log.push(hash[0] ?? -1)
      if (hash[0] === 1) source$.next(inv(block(7)))
    })
    source$.next(inv(block(1), block(2)))
    expect(log).toEqual([1, 7, 2])
  })
})
