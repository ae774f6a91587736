import { varBytes } from '../codec.js'
import { messageType } from '../message-type.js'

/**
 * A signed warning of the first clients. The key is public, so nothing in it can be believed: read it for the record
 * and never act on it. Core sends one last alert to versions up to 70012.
 */
export interface AlertMessage {
  readonly command: 'alert'
  /** The serialised alert, as it was signed. */
  readonly payload: Uint8Array
  /** ECDSA in DER form; not checked. */
  readonly signature: Uint8Array
}

export const alert = messageType<AlertMessage>({
  command: 'alert',
  direction: 'response',
  fields: { payload: varBytes(), signature: varBytes() },
})
