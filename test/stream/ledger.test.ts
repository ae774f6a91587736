import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Account, accounts, createMemoryBudget, Ledger } from '../../src/stream/ledger.js'

const names = Object.keys(accounts) as Account[]

describe('Ledger', () => {
  it('begins with nothing, and has an account for each thing that is held', () => {
    const ledger = new Ledger()
    expect(ledger.total).toBe(0)
    expect(ledger.snapshot()).toEqual({
      frame: 0,
      held: 0,
      queue: 0,
      request: 0,
      question: 0,
      reply: 0,
      send: 0,
    })
  })

  it('charges and refunds by account', () => {
    const ledger = new Ledger()
    ledger.charge('held', 10)
    ledger.charge('send', 5)
    ledger.refund('held', 4)
    expect([ledger.of('held'), ledger.of('send'), ledger.of('queue'), ledger.total]).toEqual([6, 5, 0, 11])
  })

  it('is set to what is counted elsewhere', () => {
    const ledger = new Ledger()
    ledger.set('frame', 10)
    ledger.set('frame', 4)
    ledger.set('frame', 4)
    expect([ledger.of('frame'), ledger.total]).toEqual([4, 4])
  })

  it('lends until it is given back, once', () => {
    const ledger = new Ledger()
    const first = ledger.lend('request', 10)
    const second = ledger.lend('request', 20)
    first()
    first()
    expect(ledger.of('request')).toBe(20)
    second()
    expect(ledger.total).toBe(0)
  })

  it('gives snapshots that stay as they are', () => {
    const ledger = new Ledger()
    const before = ledger.snapshot()
    ledger.charge('reply', 1)
    expect(before.reply).toBe(0)
    expect(ledger.snapshot().reply).toBe(1)
  })
})

/** Ledgers of one budget, and which of them had to go. */
function sharing(limit: number, count: number) {
  const budget = createMemoryBudget(limit)
  const evicted: number[] = []
  const ledgers = Array.from(
    { length: count },
    (_, i): Ledger => new Ledger(budget, { evicted: () => evicted.push(i) }),
  )
  const charge = (i: number, cost: number) => ledgers[i]?.charge('held', cost)
  return { budget, ledgers, evicted, charge, close: (i: number) => ledgers[i]?.close() }
}

describe('createMemoryBudget', () => {
  it.each([0, -1, Number.NaN])('takes no limit of %d bytes', limit => {
    expect(() => createMemoryBudget(limit)).toThrow(TypeError)
  })

  it('sums up what its peers hold', () => {
    const { budget, ledgers, charge } = sharing(100, 2)
    charge(0, 30)
    charge(1, 20)
    ledgers[0]?.refund('held', 10)
    ledgers[1]?.set('frame', 5)
    expect(budget).toMatchObject({ limit: 100, used: 45 })
  })

  it('lets all be that is not above it', () => {
    const { evicted, charge } = sharing(100, 2)
    charge(0, 60)
    charge(1, 40)
    expect(evicted).toEqual([])
  })

  it('ends who holds the most, and not who asks for more', () => {
    const { budget, evicted, charge } = sharing(100, 3)
    charge(0, 60)
    charge(1, 30)
    charge(2, 11)
    expect(evicted).toEqual([0])
    expect(budget.used).toBe(41)
  })

  it('ends as many as it takes, the largest first', () => {
    const { budget, evicted, charge } = sharing(100, 4)
    charge(0, 30)
    charge(1, 35)
    charge(2, 25)
    charge(3, 200)
    expect(evicted).toEqual([3])
    charge(2, 9)
    charge(0, 100)
    expect(evicted).toEqual([3, 0])
    expect(budget.used).toBe(69)
    charge(1, 66)
    expect(evicted).toEqual([3, 0, 1])
    charge(2, 67)
    expect(evicted).toEqual([3, 0, 1, 2])
    expect(budget.used).toBe(0)
  })

  it('tells each once, and counts no more what it holds', () => {
    const { budget, evicted, charge, close } = sharing(100, 2)
    charge(0, 101)
    charge(0, 500)
    expect(evicted).toEqual([0])
    expect(budget.used).toBe(0)
    close(0)
    charge(0, 500)
    expect(budget.used).toBe(0)
    charge(1, 100)
    expect(evicted).toEqual([0])
  })

  it('counts no more who has closed, once', () => {
    const { budget, charge, close } = sharing(100, 2)
    charge(0, 50)
    charge(1, 50)
    close(0)
    close(0)
    expect(budget.used).toBe(50)
    charge(0, 1_000)
    expect(budget.used).toBe(50)
  })

  it('is apart from other budgets', () => {
    const one = sharing(100, 1)
    const other = sharing(100, 1)
    one.charge(0, 80)
    other.charge(0, 80)
    expect([one.evicted, other.evicted]).toEqual([[], []])
  })

  it('never has more than its limit, and ends with nothing when all have closed', () => {
    const step = fc.record({
      peer: fc.nat(4),
      account: fc.constantFrom(...names),
      cost: fc.integer({ min: -50, max: 80 }),
      close: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), steps => {
        const { budget, ledgers, evicted } = sharing(150, 5)
        const closed = new Set<number>()
        for (const { peer, account, cost, close } of steps) {
          const ledger = ledgers[peer]
          if (ledger === undefined) continue
          if (close && cost === 0) {
            ledger.close()
            closed.add(peer)
          } else if (cost >= 0) ledger.charge(account, cost)
          else ledger.refund(account, Math.min(-cost, ledger.of(account)))
          expect(budget.used).toBeLessThanOrEqual(budget.limit)
          const living = ledgers.filter((_, i) => !closed.has(i) && !evicted.includes(i))
          expect(budget.used).toBe(living.reduce((sum, { total }) => sum + total, 0))
          for (const one of ledgers) {
            expect(one.total).toBe(names.reduce((sum, name) => sum + one.of(name), 0))
          }
        }
        for (const ledger of ledgers) ledger.close()
        expect(budget.used).toBe(0)
        expect(new Set(evicted).size).toBe(evicted.length)
      }),
    )
  })
})
