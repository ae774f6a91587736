import { interval, merge, type Observable, type SchedulerLike, tap } from 'rxjs'
import { DEFAULT_FEE, type Ledger } from './ledger.js'

/** What an embedded node does by itself, each every so many ms while it has peers. The first time is one interval in. */
export interface Schedule {
  /** Mines a block, the mempool in it. */
  readonly mine?: number | undefined
  /** Makes a transaction; nothing happens where no coin is mature. */
  readonly spend?: number | undefined
  /** Replaces the last block by two. */
  readonly reorganise?: number | undefined
}

const actions: { readonly [K in keyof Required<Schedule>]: (ledger: Ledger) => void } = {
  mine: ledger => ledger.mine(1, {}),
  spend: ledger => {
    if (ledger.spendable(DEFAULT_FEE)) ledger.spend({})
  },
  reorganise: ledger => {
    if (ledger.chain.height > 0) ledger.reorganise({})
  },
}

/** Runs a schedule while subscribed. */
export function scheduled(ledger: Ledger, schedule: Schedule, scheduler: SchedulerLike): Observable<unknown> {
  const names = ['spend', 'mine', 'reorganise'] as const
  return merge(
    ...names.flatMap(name => {
      const period = schedule[name]
      return period === undefined ? [] : interval(period, scheduler).pipe(tap(() => actions[name](ledger)))
    }),
  )
}

/** @throws TypeError for an interval that is not above 0 */
export function checkSchedule(schedule: Schedule): void {
  for (const [name, period] of Object.entries(schedule)) {
    if (period !== undefined && !(period > 0)) {
      throw new TypeError(`the interval of ${name} must be above 0 ms, not ${period}`)
    }
  }
}
