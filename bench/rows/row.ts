import type { InputName } from '../inputs.js'

/** Whom rxpeer is measured beside; `raw` is the least that anyone can do with the platform alone, `plain` what one would write by hand. */
export type Rival =
  | 'go'
  | 'rust'
  | 'bitcoinjs-lib'
  | 'bcoin'
  | '@scure/btc-signer'
  | 'bitcore-lib'
  | 'raw'
  | 'plain'
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
  /** What our own cost may be at most, in the row's unit; it is shown as a rival of the name `goal`. */
  readonly goal?: Required<Goal>
  /** What serves over TCP meanwhile, in a process of its own; its port is the task's argument. */
  readonly server?: 'stream' | 'headers' | 'blocks'
  /** Processor time before the first round, until everything is compiled; ms, default 400. */
  readonly warmUp?: number
  /** In how many processes each does its rounds, one after the other; default 1. For work whose cost depends on how a process began. */
  readonly lives?: number
  /** For what is not processor time: the unit that the contestants answer in, each in a new process each round. */
  readonly gauge?: string
  /** What nobody can be below, and why. */
  readonly limit?: string
}
