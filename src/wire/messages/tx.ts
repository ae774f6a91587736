import { messageType } from '../message-type.js'
import { type Transaction, transaction } from '../transaction.js'

/** A transaction, in answer to getdata (BIP144). */
export interface TxMessage {
  readonly command: 'tx'
  /** With its witness where it was asked for by `witnessTx` or wtxid. */
  readonly transaction: Transaction
}

export const tx = messageType<TxMessage>({
  command: 'tx',
  bips: [144],
  shortId: 21,
  fields: { transaction },
  decode: reader => ({ command: 'tx', transaction: transaction.decode(reader) }),
  encode: (writer, message) => transaction.encode(writer, message.transaction),
})
