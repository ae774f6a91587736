import type { Frame } from '../wire/deframer.js'
import { WireError } from '../wire/error.js'
import { decodeMessage, isKnownCommand, type Message } from '../wire/messages.js'
import type { Policy, Violation } from './policy.js'

/** What a frame turned out to be. */
export type Read =
  | { readonly message: Message }
  | { readonly message: undefined; readonly violation: Violation; readonly error: WireError }

/** The faults of a frame that leave the stream in step, as the policy names them. */
function frameFaults({ name, checksumValid, commandFault }: Frame): readonly [Violation, WireError][] {
  const faults: [Violation, WireError][] = []
  if (commandFault !== undefined) {
    faults.push([commandFault, new WireError(commandFault, undefined, { command: name, offset: 4 })])
  }
  if (!checksumValid) {
    const violation = isKnownCommand(name) ? 'bad-checksum' : 'unknown-bad-checksum'
    faults.push([violation, new WireError('bad-checksum', undefined, { command: name, offset: 20 })])
  }
  return faults
}

/** The message of a frame, or the first fault that the policy does not ignore. */
export function readFrame(frame: Frame, protocolVersion: number, { actions }: Policy): Read {
  for (const [violation, error] of frameFaults(frame)) {
    if (actions[violation] !== 'ignore') return { message: undefined, violation, error }
  }
  try {
    return {
      message: decodeMessage(frame.name, frame.payload, {
        protocolVersion,
        lenient: actions['trailing-bytes'] === 'ignore',
      }),
    }
  } catch (error) {
    if (!(error instanceof WireError)) throw error
    const { code } = error
    // The decoders know nothing of frames, so the codes that close under every policy cannot come from there.
    const fatal = code === 'wrong-magic' || code === 'oversized-frame' || code === 'truncated-frame'
    return { message: undefined, violation: fatal ? 'bad-value' : code, error }
  }
}
