import type { InputName } from '../inputs.js'

/** Whom rxpeer is measured beside; `goal` is a figure that was set, `native` the least that anyone must do. */
export type Rival =
  | 'go'
  | 'rust'
  | 'bitcoinjs-lib'
  | 'bcoin'
  | '@scure/btc-signer'
  | 'bitcore-lib'
  | 'raw'
  | 'goal'

/** What is to be reached against a rival, as its cost over ours; nothing where it is only shown. */
export interface Goal {
  readonly must?: number
  readonly stretch?: number
}

/** A row of the table: the same work for everyone. */
export interface Row {
  readonly name: string
  /** What the contestants call it. */
  readonly task: string
  readonly input: InputName
  /** Passed on to the task; 0 where left out. */
  readonly argument?: number
  /** What the cost is told by: one item of the input, or the whole of it. */
  readonly per: string
  /** Divides the cost of a run; default the items of the input. */
  readonly items?: number
  readonly rivals: { readonly [R in Rival]?: Goal }
}
