import { Block } from '../wire/block.js'
import { sha256d } from '../wire/hash.js'
import { BlockHeader } from '../wire/header.js'
import { bytesToHex } from '../wire/hex.js'
import type { Inventory } from '../wire/inventory.js'
import type { Command, Message } from '../wire/messages.js'
import { Transaction } from '../wire/transaction.js'
import { checkProofOfWork, type ProofOfWorkRules } from '../wire/work.js'
import { mineHeader } from './mining.js'

/** What a liar knows. */
export interface Liar {
  /** What its headers have to meet. */
  readonly rules: ProofOfWorkRules
  /** What it was asked for by getdata, by hash in hex. */
  readonly asked: ReadonlyMap<string, Inventory>
}

/** One lie: what is told instead of messages of some commands; `undefined` where the truth is told. */
interface Telling {
  readonly command: readonly Command[]
  readonly tell: (truth: Message, liar: Liar) => Message | undefined
}

/** A header with the same fields but those given, and work. */
function forged(header: BlockHeader, change: Partial<BlockHeader>, { rules }: Liar): BlockHeader {
  const { version, previousBlock, merkleRoot, time, bits } = header
  return mineHeader({ version, previousBlock, merkleRoot, time, bits, nonce: 0, ...change }, rules)
}

/** The header with a nonce that does not meet its target. */
function worthless({ bytes }: BlockHeader, { rules }: Liar): BlockHeader {
  const copy = bytes.slice()
  const view = new DataView(copy.buffer)
  for (let nonce = 0; nonce <= 0xffff_ffff; nonce += 1) {
    view.setUint32(76, nonce, true)
    const header = new BlockHeader(copy)
    if (!checkProofOfWork(header, rules)) return header
  }
  throw new TypeError('every nonce meets the target')
}

function detachedHeaders(truth: Message, liar: Liar): Message | undefined {
  if (truth.command !== 'headers') return undefined
  const headers: BlockHeader[] = []
  let previousBlock = sha256d(truth.headers.at(0)?.previousBlock ?? new Uint8Array(32))
  for (const header of truth.headers) {
    const next = forged(header, { previousBlock }, liar)
    headers.push(next)
    previousBlock = next.hash
  }
  return { command: 'headers', headers }
}

function worthlessHeaders(truth: Message, liar: Liar): Message | undefined {
  if (truth.command !== 'headers' || truth.headers.length === 0) return undefined
  const headers = Array.from(truth.headers)
  const last = headers.pop()
  return last && { command: 'headers', headers: [...headers, worthless(last, liar)] }
}

function otherBlock(truth: Message, liar: Liar): Message | undefined {
  if (truth.command !== 'block') return undefined
  const { header, transactions } = truth.block
  const block = Block.from(forged(header, { time: header.time + 1 }, liar), Array.from(transactions))
  return { command: 'block', block }
}

/** Pays another value in the last transaction: the header no longer commits to it. */
function tamperedBlock(truth: Message): Message | undefined {
  if (truth.command !== 'block') return undefined
  const { header, transactions } = truth.block
  const all = Array.from(transactions)
  const last = all.pop()
  return last && { command: 'block', block: Block.from(header, [...all, otherwise(last)]) }
}

/** The same transaction with another lock time, and so with other ids. */
function otherwise({ version, inputs, outputs, lockTime }: Transaction): Transaction {
  return Transaction.from({ version, inputs, outputs, lockTime: lockTime ^ 1 })
}

function otherTransaction(truth: Message): Message | undefined {
  return truth.command === 'tx' ? { command: 'tx', transaction: otherwise(truth.transaction) } : undefined
}

/** The entry by which something was asked for, as the other side wrote it. */
function denied(truth: Message, { asked }: Liar): Message | undefined {
  const hashes =
    truth.command === 'block'
      ? [truth.block.hash]
      : truth.command === 'tx'
        ? [truth.transaction.wtxid, truth.transaction.txid]
        : truth.command === 'cmpctblock' || truth.command === 'merkleblock'
          ? [truth.header.hash]
          : []
  for (const hash of hashes) {
    const entry = asked.get(bytesToHex(hash))
    if (entry) return { command: 'notfound', inventory: [entry] }
  }
  return undefined
}

/** Announces hashes that nothing has. */
function inventedInventory(truth: Message): Message | undefined {
  if (truth.command !== 'inv') return undefined
  return {
    command: 'inv',
    inventory: Array.from(truth.inventory, ({ type, hash }) => ({ type, hash: sha256d(hash) })),
  }
}

/** All lies. A new one is a row here. */
export const lies = {
  /** Headers that have work and follow each other, but nothing that the other side knows. */
  'detached-headers': { command: ['headers'], tell: detachedHeaders },
  /** The last header of each message does not meet its target. */
  'headers-without-work': { command: ['headers'], tell: worthlessHeaders },
  /** A block with work, but another than the one that was asked for. */
  'other-block': { command: ['block'], tell: otherBlock },
  /** The right header with other transactions. */
  'tampered-block': { command: ['block'], tell: tamperedBlock },
  /** A transaction with other ids than the one that was asked for. */
  'other-transaction': { command: ['tx'], tell: otherTransaction },
  /** A notfound for each thing that is there. */
  'nothing-found': { command: ['block', 'tx', 'cmpctblock', 'merkleblock'], tell: denied },
  /** Announcements of what nobody has. */
  'invented-inventory': { command: ['inv'], tell: inventedInventory },
} as const satisfies Record<string, Telling>

/** The name of a lie. */
export type Lie = keyof typeof lies
