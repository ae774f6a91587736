import { COMMAND_SIZE } from './command-field.js'
import { CommandTable } from './command-table.js'
import type { WireErrorCode } from './error.js'
import { type KnownMessageType, messageTypes } from './messages.js'

/** What the command bytes of a frame say. */
export interface CommandBytes {
  /** One character a byte, up to the NULs that pad it. */
  readonly name: string
  /** What is wrong with them; `undefined` where nothing is. */
  readonly fault: Extract<WireErrorCode, 'bad-command' | 'command-not-utf8'> | undefined
  /** The row of the message; `undefined` where the table has none. */
  readonly type: KnownMessageType | undefined
}

/** Made for the first frame: not every program that imports this reads any. */
let known: CommandTable<CommandBytes> | undefined

const table = (): CommandTable<CommandBytes> =>
  new CommandTable(
    Object.values(messageTypes).map(type => [type.command, { name: type.command, fault: undefined, type }]),
  )

const utf8 = new TextDecoder('utf-8', { fatal: true })

function isUtf8(bytes: Uint8Array): boolean {
  try {
    utf8.decode(bytes)
    return true
  } catch {
    return false
  }
}

/** The 12 command bytes at `offset`, whatever they are. No text is made of those that the table knows. */
export function commandAt(bytes: Uint8Array, offset: number): CommandBytes {
  known ??= table()
  return known.at(bytes, offset) ?? parse(bytes, offset)
}

function parse(bytes: Uint8Array, offset: number): CommandBytes {
  let end = offset + COMMAND_SIZE
  while (end > offset && bytes[end - 1] === 0) end -= 1
  let name = ''
  let fault: CommandBytes['fault']
  for (let i = offset; i < end; i += 1) {
    const byte = bytes[i] ?? 0
    if (byte < 0x20 || byte > 0x7e) fault = 'bad-command'
    name += String.fromCharCode(byte)
  }
  if (fault !== undefined && !isUtf8(bytes.subarray(offset, offset + COMMAND_SIZE)))
    fault = 'command-not-utf8'
  return { name, fault, type: undefined }
}
