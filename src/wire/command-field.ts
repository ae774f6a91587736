import { WireError } from './error.js'

/** Bytes of the command field of a frame: a name and the NULs that pad it. */
export const COMMAND_SIZE = 12

/**
 * The command field of a name.
 * @throws WireError `bad-command` for a name that does not fit
 */
export function commandField(name: string): Uint8Array {
  if (name.length === 0 || name.length > COMMAND_SIZE) {
    throw new WireError('bad-command', `"${name}" does not have 1 to ${COMMAND_SIZE} characters`, {
      command: name,
    })
  }
  const field = new Uint8Array(COMMAND_SIZE)
  for (let i = 0; i < name.length; i += 1) {
    const unit = name.charCodeAt(i)
    if (unit > 0xff)
      throw new WireError('bad-command', `"${name[i]}" does not fit one byte`, { command: name })
    field[i] = unit
  }
  return field
}
