import type { Account } from '../stream/ledger.js'
import type { EncodeOptions } from '../wire/messages.js'

/** How one message is sent. */
export interface SendOptions {
  /** Transactions and blocks with their witness (BIP144). Default true. */
  readonly witness?: boolean | undefined
  /**
   * Whoever sends it awaits the answer with a deadline of its own, so that the `stall` behavior does not close the peer
   * where none comes. Default false; requests say true.
   */
  readonly awaited?: boolean | undefined
}

/** On whose account a message waits, and what else is known of it. */
export interface Posting extends EncodeOptions {
  readonly account: Extract<Account, 'send' | 'reply'>
  readonly awaited?: boolean | undefined
  /** It belongs to the handshake. */
  readonly opening?: boolean | undefined
}
