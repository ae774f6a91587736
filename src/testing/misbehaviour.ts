import { asyncScheduler, identity, type SchedulerLike, Subject, Subscription, takeUntil, tap } from 'rxjs'
import type { Connection } from '../stream/connection.js'
import { Deframer } from '../wire/deframer.js'
import { WireError } from '../wire/error.js'
import { encodeFrame, FRAME_HEADER } from '../wire/frame.js'
import type { Hash } from '../wire/hash.js'
import type { BlockHeader } from '../wire/header.js'
import { bytesToHex } from '../wire/hex.js'
import type { Inventory } from '../wire/inventory.js'
import { type Command, decodeMessage, encodeMessage, type Message, wireName } from '../wire/messages.js'
import type { ProofOfWorkRules } from '../wire/work.js'
import { mergeChunks } from './chunkers.js'
import { type Lie, lies } from './lies.js'
import { Queue } from './queue.js'

/**
 * One message of those that a side writes: its number, the version message being 1, or the n-th of a command, the
 * first where `nth` is left out.
 */
export type Moment = number | { readonly command: Command; readonly nth?: number | undefined }

/** How a connection can end: in order (EOF), by a reset, or in order inside of the message. */
export type Ending = 'eof' | 'reset' | 'mid-frame'

/** The ways to misbehave, and what there is to say about each. */
export interface MisbehaviourKinds {
  /** Writes nothing from the moment on; the connection stays open. */
  readonly silence: { readonly from: Moment }
  /** Never writes messages of these commands. */
  readonly mute: { readonly commands: readonly Command[] }
  /** Writes the message with a wrong checksum. */
  readonly 'wrong-checksum': { readonly at: Moment }
  /** Writes the message with the last byte of its payload missing, and the right checksum for that. */
  readonly truncate: { readonly at: Moment }
  /** Writes the frame with another network's magic. */
  readonly 'wrong-magic': { readonly at: Moment }
  /** Writes only the header of the message, and claims 4 GiB to follow. */
  readonly oversize: { readonly at: Moment }
  /** Writes so many bytes, whatever they belong to, every so many ms. What has not dripped is lost at the end. */
  readonly drip: { readonly bytes: number; readonly every: number }
  /** Ends the connection instead of writing the message, or, `mid-frame`, behind its first half. */
  readonly disconnect: { readonly at: Moment; readonly how?: Ending | undefined }
  /** Tells something else than the truth, each time. */
  readonly lie: { readonly about: Lie }
}

/** The names of the ways to misbehave. */
export type MisbehaviourName = keyof MisbehaviourKinds

/**
 * One thing that a side of a connection does wrong. Several make a script: what the first leaves of a message goes to
 * the second, and so on; all of them count the messages as they were before anything was done to them.
 * @example { does: 'disconnect', at: { command: 'block', nth: 2 }, how: 'mid-frame' }
 */
export type Misbehaviour<K extends MisbehaviourName = MisbehaviourName> = {
  [N in K]: { readonly does: N } & MisbehaviourKinds[N]
}[K]

/** What {@link misbehave} depends on. */
export interface MisbehaveOptions {
  /** Lets bytes drip. Default: RxJS's asyncScheduler. */
  readonly scheduler?: SchedulerLike | undefined
  /** What has to meet the targets of the headers of lies. Default: SHA256d. */
  readonly powHash?: ((header: BlockHeader) => Hash) | undefined
}

/** A frame on its way out. */
interface Outgoing {
  readonly name: string
  readonly bytes: Uint8Array
  readonly written: (() => void) | undefined
  /** Its number among all messages, from 1 on. */
  readonly index: number
  /** Its number among those of its command, from 1 on. */
  readonly nth: number
}

/** What a way to misbehave works with. */
interface Surroundings {
  readonly scheduler: SchedulerLike
  readonly rules: ProofOfWorkRules
  /** Entries that the other side asked for by getdata, by hash. */
  readonly asked: ReadonlyMap<string, Inventory>
  /** Passes a frame on. */
  pass(frame: Outgoing): void
  /** Ends the connection for both sides. */
  cut(how: 'eof' | 'reset'): void
  /** What must not go on behind the end. */
  readonly running: Subscription
}

type Stage = (frame: Outgoing) => void

function isAt(moment: Moment, { name, index, nth }: Outgoing): boolean {
  return typeof moment === 'number' ? index === moment : name === moment.command && nth === (moment.nth ?? 1)
}

/** Changes the bytes of one frame. */
function altered(
  { at }: { readonly at: Moment },
  { pass }: Surroundings,
  alter: (bytes: Uint8Array) => Uint8Array,
): Stage {
  return frame => pass(isAt(at, frame) ? { ...frame, bytes: alter(frame.bytes.slice()) } : frame)
}

function flip(bytes: Uint8Array, offset: number): Uint8Array {
  bytes[offset] = (bytes[offset] ?? 0) ^ 0xff
  return bytes
}

/** Bytes of the magic, with which a frame begins. */
const MAGIC = 4

/** The frame of a payload, in the network of another frame. */
function reframed(like: Uint8Array, name: string, payload: Uint8Array): Uint8Array {
  return encodeFrame(like.subarray(0, MAGIC), name, payload)
}

const payloadOf = (bytes: Uint8Array) => bytes.subarray(FRAME_HEADER)

/** All ways to misbehave. A new one is a row here and its options in `MisbehaviourKinds`. */
const kinds: {
  readonly [K in MisbehaviourName]: (options: MisbehaviourKinds[K], around: Surroundings) => Stage
} = {
  silence: ({ from }, { pass }) => {
    let silent = false
    return frame => {
      silent ||= isAt(from, frame)
      if (!silent) pass(frame)
    }
  },
  mute: ({ commands }, { pass }) => {
    const muted: ReadonlySet<string> = new Set(commands)
    return frame => {
      if (!muted.has(frame.name)) pass(frame)
    }
  },
  'wrong-checksum': (options, around) => altered(options, around, bytes => flip(bytes, FRAME_HEADER - 1)),
  'wrong-magic': (options, around) => altered(options, around, bytes => flip(bytes, 0)),
  oversize: (options, around) =>
    altered(options, around, bytes => bytes.subarray(0, FRAME_HEADER).fill(0xff, FRAME_HEADER - 8)),
  truncate: ({ at }, { pass }) => {
    return frame => {
      if (!isAt(at, frame)) pass(frame)
      else
        pass({ ...frame, bytes: reframed(frame.bytes, frame.name, payloadOf(frame.bytes).subarray(0, -1)) })
    }
  },
  drip: ({ bytes: portion, every }, { pass, scheduler, running }) => {
    const waiting = new Queue<Outgoing>()
    let dripping = false
    /** How much of the first one has dripped. */
    let dripped = 0
    const drop = () => {
      const frame = waiting.first
      if (frame === undefined) {
        dripping = false
        return
      }
      const start = dripped
      dripped += portion
      const last = dripped >= frame.bytes.length
      if (last) {
        waiting.shift()
        dripped = 0
      }
      const bytes = frame.bytes.subarray(start, start + portion)
      pass({ ...frame, bytes, written: last ? frame.written : undefined })
      wait()
    }
    const wait = () => {
      const timer = scheduler.schedule(() => {
        running.remove(timer)
        drop()
      }, every)
      running.add(timer)
    }
    return frame => {
      waiting.push(frame)
      if (dripping) return
      dripping = true
      wait()
    }
  },
  disconnect: ({ at, how = 'eof' }, { pass, cut }) => {
    return frame => {
      if (!isAt(at, frame)) {
        pass(frame)
        return
      }
      if (how === 'mid-frame') {
        const half = frame.bytes.subarray(0, Math.ceil(frame.bytes.length / 2))
        pass({ ...frame, bytes: half, written: undefined })
      }
      cut(how === 'reset' ? 'reset' : 'eof')
    }
  },
  lie: ({ about }, { pass, rules, asked }) => {
    const { command, tell } = lies[about]
    return frame => {
      const truths = command.some(name => name === frame.name) ? readable(frame) : undefined
      const told = truths && tell(truths, { rules, asked })
      if (told === undefined) pass(frame)
      else pass({ ...frame, bytes: reframed(frame.bytes, wireName(told), encodeMessage(told)) })
    }
  },
}

/** The message of a frame, where it still is one. */
function readable({ name, bytes }: Outgoing): Message | undefined {
  try {
    return decodeMessage(name, payloadOf(bytes))
  } catch (error) {
    if (error instanceof WireError) return undefined
    throw error
  }
}

function stageOf<K extends MisbehaviourName>(misbehaviour: Misbehaviour<K>, around: Surroundings): Stage {
  return kinds[misbehaviour.does](misbehaviour, around)
}

/** Notes what the other side asks for, from the bytes that it writes. */
function listener(asked: Map<string, Inventory>): (chunk: Uint8Array) => void {
  let deframer: Deframer | undefined
  let beginning: Uint8Array = new Uint8Array(0)
  const listen = (chunk: Uint8Array) => {
    if (deframer === undefined) {
      beginning = mergeChunks([beginning, chunk])
      // The magic may come in pieces.
      if (beginning.length < MAGIC) return
      deframer = new Deframer(beginning.slice(0, MAGIC))
      deframer.push(beginning)
    } else deframer.push(chunk)
    for (let frame = deframer.next(); frame !== undefined; frame = deframer.next()) {
      if (frame.name !== 'getdata') continue
      const message = decodeMessage(frame.name, frame.payload)
      if (message.command !== 'getdata') continue
      for (const { type, hash } of message.inventory) {
        asked.set(bytesToHex(hash), { type, hash: hash.slice() })
      }
    }
  }
  let lost = false
  return chunk => {
    try {
      if (!lost) listen(chunk)
    } catch (error) {
      if (!(error instanceof WireError)) throw error
      lost = true
    }
  }
}

/** The command of a v1 frame. */
function nameOf(frame: Uint8Array): string {
  const name = frame.subarray(MAGIC, 16)
  const end = name.indexOf(0)
  return String.fromCharCode(...(end < 0 ? name : name.subarray(0, end)))
}

/**
 * A connection whose owner misbehaves by a script: what it writes is changed, kept back or cut off; what it reads is
 * as it came. For v1 frames, each written at once, as peers write them. Deterministic.
 * @example node.serve(listen({ port: 18444 }).pipe(map(each => misbehave(each, [{ does: 'silence', from: 5 }]))))
 * @example accept(misbehave(connection, [{ does: 'wrong-checksum', at: { command: 'verack' } }]), { network: regtest })
 */
export function misbehave(
  connection: Connection,
  script: readonly Misbehaviour[],
  { scheduler = asyncScheduler, powHash }: MisbehaveOptions = {},
): Connection {
  const cut$ = new Subject<void>()
  const running = new Subscription()
  const asked = new Map<string, Inventory>()
  const lying = script.some(({ does }) => does === 'lie')
  const seen = new Map<string, number>()
  let index = 0
  let ended = false
  let cutOff = false

  const end = (how: 'close' | 'abort') => {
    // An abort would drop what was written before the cut.
    if (cutOff) return
    ended = true
    running.unsubscribe()
    connection[how]()
  }
  const around: Omit<Surroundings, 'pass'> = {
    scheduler,
    rules: { limit: (1n << 256n) - 1n, hash: powHash },
    asked,
    running,
    cut: how => {
      if (ended) return
      end(how === 'eof' ? 'close' : 'abort')
      cutOff = true
      // To its owner it looks like an end by the other side, for there is nothing more to come.
      cut$.next()
    },
  }
  const write: Stage = ({ bytes, written }) => connection.write(bytes, written)
  const first = script.reduceRight<Stage>(
    (next, misbehaviour) =>
      stageOf(misbehaviour, {
        ...around,
        pass: frame => {
          if (!ended) next(frame)
        },
      }),
    write,
  )
  return {
    // Only liars need to know what they are asked for, and it is kept for as long as the connection lasts.
    bytes$: connection.bytes$.pipe(lying ? tap(listener(asked)) : identity, takeUntil(cut$)),
    write: (bytes, written) => {
      if (ended) return
      const name = nameOf(bytes)
      const nth = (seen.get(name) ?? 0) + 1
      seen.set(name, nth)
      index += 1
      first({ name, bytes, written, index, nth })
    },
    pause: () => connection.pause(),
    resume: () => connection.resume(),
    close: () => end('close'),
    abort: () => end('abort'),
    local: connection.local,
    remote: connection.remote,
    proxied: connection.proxied,
  }
}
