import { COMMAND_SIZE } from './command-table.js'
import { WireError } from './error.js'
import { checksum } from './hash.js'
import { MAX_PAYLOAD } from './limits.js'

export { COMMAND_SIZE } from './command-table.js'

/** Bytes of a v1 frame header: magic 4, command 12, length 4, checksum 4. */
export const FRAME_HEADER = 24

/**
 * A payload in its v1 frame.
 * @param magic - the network's 4 bytes
 * @param name - 1 to 12 characters, one byte each
 * @throws WireError `bad-command` for a name that does not fit, `oversized-frame` above 4,000,000 bytes
 */
export function encodeFrame(magic: Uint8Array, name: string, payload: Uint8Array): Uint8Array {
  if (name.length === 0 || name.length > COMMAND_SIZE) {
    throw new WireError('bad-command', `"${name}" does not have 1 to ${COMMAND_SIZE} characters`, {
      command: name,
    })
  }
  if (payload.length > MAX_PAYLOAD) {
    throw new WireError('oversized-frame', `${payload.length} bytes, at most ${MAX_PAYLOAD} are allowed`, {
      command: name,
    })
  }
  const frame = new Uint8Array(FRAME_HEADER + payload.length)
  frame.set(magic)
  for (let i = 0; i < name.length; i += 1) {
    const unit = name.charCodeAt(i)
    if (unit > 0xff)
      throw new WireError('bad-command', `"${name[i]}" does not fit one byte`, { command: name })
    frame[4 + i] = unit
  }
  const view = new DataView(frame.buffer)
  view.setUint32(16, payload.length, true)
  view.setUint32(20, checksum(payload), true)
  frame.set(payload, FRAME_HEADER)
  return frame
}
