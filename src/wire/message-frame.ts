import { commandField } from './command-field.js'
import { encodeFrame, FRAME_HEADER, writeFrameHeader } from './frame.js'
import {
  type EncodeOptions,
  encodeMessage,
  type KnownCommand,
  type Message,
  writeMessage,
} from './messages.js'
import { borrow, giveBack } from './scratch.js'

/** The command fields of the messages that were written, by their names. */
const commandFields = new Map<KnownCommand, Uint8Array>()

function fieldOf(command: KnownCommand): Uint8Array {
  const known = commandFields.get(command)
  if (known !== undefined) return known
  const field = commandField(command)
  commandFields.set(command, field)
  return field
}

/**
 * A message in its v1 frame, ready for the wire: the payload is written once, behind the room for its header.
 * @param magic - the network's 4 bytes
 * @throws WireError as {@link encodeMessage} and {@link encodeFrame} do
 */
export function encodeMessageFrame(
  magic: Uint8Array,
  message: Message,
  options: EncodeOptions = {},
): Uint8Array {
  if (message.command === 'unknown') return encodeFrame(magic, message.name, encodeMessage(message))
  const buffer = borrow()
  try {
    const frame = writeMessage(message, options, buffer, FRAME_HEADER).exact(buffer)
    writeFrameHeader(frame, 0, frame.length, magic, fieldOf(message.command))
    return frame
  } finally {
    giveBack(buffer)
  }
}

/**
 * Writes the frame of {@link encodeMessageFrame} at `offset` of `target`, and makes nothing: for whoever gathers many
 * messages in a buffer.
 * @returns where the frame ends; -1 where `target` has no room for it, and then what is behind `offset` is anything
 * @throws WireError as {@link encodeMessageFrame} does
 */
export function writeMessageFrame(
  target: Uint8Array,
  offset: number,
  magic: Uint8Array,
  message: Message,
  options: EncodeOptions = {},
): number {
  if (message.command === 'unknown') {
    const frame = encodeFrame(magic, message.name, encodeMessage(message))
    if (offset + frame.length > target.length) return -1
    target.set(frame, offset)
    return offset + frame.length
  }
  const start = offset + FRAME_HEADER
  if (start > target.length) return -1
  const writer = writeMessage(message, options, target, start)
  if (writer.buffer !== target) return -1
  const end = start + writer.length
  writeFrameHeader(target, offset, end, magic, fieldOf(message.command))
  return end
}
