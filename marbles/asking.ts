import {
  catchError,
  defer,
  endWith,
  filter,
  finalize,
  ignoreElements,
  map,
  merge,
  Observable,
  of,
  ReplaySubject,
  Subject,
  switchMap,
  takeUntil,
  timer,
} from 'rxjs'
import type { Channel } from '../src/peer/channel.js'
import { channelOf } from '../src/peer/face.js'
import type { PeerOptions } from '../src/peer/options.js'
import type { Peer } from '../src/peer/peer.js'
import { RequestError } from '../src/requests/request-error.js'
import { genesisBlock } from '../src/testing/genesis.js'
import type { MarbleHelpers } from '../src/testing/marbles.js'
import { mineBlock } from '../src/testing/mining.js'
import { seededRandom } from '../src/testing/seeded-random.js'
import type { Block } from '../src/wire/block.js'
import type { Hash } from '../src/wire/hash.js'
import { toHex } from '../src/wire/hex.js'
import { InventoryType, inventoryTypeName } from '../src/wire/inventory.js'
import type { Message } from '../src/wire/messages.js'
import { regtest } from '../src/wire/network.js'
import { cast, outbound, type Scene } from './cast.js'
import { countedTimers } from './timers.js'

/** A chain that starts with regtest's first block, or with these; each seed gives another one. */
export function mineChain(
  length: number,
  seed = 1,
  start: readonly Block[] = [genesisBlock(regtest)],
): readonly Block[] {
  const chain = [...start]
  const random = seededRandom(seed)
  for (let height = start.length; height <= length; height += 1) {
    const { hash: previousBlock, header } = chain[height - 1]!
    const { bits } = header
    const plan = { height, previousBlock, bits, time: header.time + 600, transactions: [], fees: 0n, random }
    chain.push(mineBlock(plan, { limit: regtest.powLimit }))
  }
  return chain
}

/** A chain of 40 blocks, by height. */
export const blocks: readonly Block[] = mineChain(40)

/** The block at a height of {@link blocks}. */
export function block(height: number): Block {
  const found = blocks[height]
  if (found === undefined) throw new Error(`no block ${height}`)
  return found
}

/** The hash of the block at a height. */
export const hashAt = (height: number): Hash => block(height).hash

/** Hashes of the blocks from one height to another. */
export const hashesOf = (from: number, to: number): readonly Hash[] =>
  blocks.slice(from, to + 1).map(({ hash }) => hash)

/** The message that carries the block at a height. */
export const blockMessage = (height: number): Message => ({ command: 'block', block: block(height) })

/** The headers message of the blocks from one height to another. */
export const headersMessage = (from: number, to: number): Message => ({
  command: 'headers',
  headers: blocks.slice(from, to + 1).map(({ header }) => header),
})

const heights = new Map(blocks.map(({ hash }, height) => [toHex(hash), height]))

/** The height of a block of {@link blocks}, as diagrams show it; `?` for any other. */
export const heightOf = (hash: Hash): number | '?' => heights.get(toHex(hash)) ?? '?'

/** What is left where nothing is: letter `z` of diagrams that look at it. */
export const nothing = '0 questions, 0 subscriptions, 0 timers'

/** What a question for headers has open: it hears the peer's end, and headers in its turn. */
export const hearing = '2 questions, 0 subscriptions, 1 timers'

/** What requests say, by letter: `d` when they are done, `t`, `n`, `v`, `b` and `c` when they fail; `l` and `z`: what is left of a usual
 * question, and nothing. */
export const ends = {
  d: 'done',
  t: 'timeout',
  n: 'not-found',
  v: 'unanswered',
  b: 'bad-answer',
  c: 'peer-closed: remote-closed',
  a: 'aborted',
  o: 'not-offered',
  l: '1 questions, 0 subscriptions, 1 timers',
  z: nothing,
}

/** What a message says, so that a diagram can hold it: `getdata block 1 block 2`, `getheaders 5 4 3 2 1 0`. */
export function describe(message: Message): string {
  switch (message.command) {
    case 'getdata': {
      const entries = Array.from(message.inventory, ({ type, hash }) => {
        const isBlock = type === InventoryType.block || type === InventoryType.witnessBlock
        return `${inventoryTypeName(type)} ${isBlock ? heightOf(hash) : hash[0]}`
      })
      return ['getdata', ...entries].join(' ')
    }
    case 'getheaders':
      return ['getheaders', ...Array.from(message.locator, heightOf)].join(' ')
    case 'getcfheaders':
    case 'getcfilters':
      return `${message.command} ${message.startHeight} ${heightOf(message.stop)}`
    case 'headers':
      return ['headers', ...Array.from(message.headers, ({ hash }) => heightOf(hash))].join(' ')
    case 'block':
      return `block ${heightOf(message.block.hash)}`
    default:
      return message.command
  }
}

/** How a request ended: the code of its error, and that of the peer's end behind it. */
function codeOf(error: unknown): string {
  if (!(error instanceof RequestError)) return error instanceof Error ? error.name : String(error)
  const { code, cause } = error
  if (code !== 'peer-closed' && code !== 'bad-answer') return code
  return typeof cause === 'object' && cause !== null && 'code' in cause ? `${code}: ${cause.code}` : code
}

/** What a question has open at its peer: what hears messages, and what is charged to it. */
interface Open {
  questions: number
  subscriptions: number
}

/** The same stream, which counts those who listen. */
function counted<T>(source: Observable<T>, open: Open): Observable<T> {
  return new Observable(subscriber => {
    open.subscriptions += 1
    subscriber.add(() => {
      open.subscriptions -= 1
    })
    subscriber.add(source.subscribe(subscriber))
  })
}

/** Counts what is open at a peer from now on. */
function watch(peer: Peer, open: Open): void {
  const channel = channelOf(peer)
  const [ask, on, { messages$ }] = [channel.ask.bind(channel), peer.on.bind(peer), peer]
  const hear: Channel['ask'] = question => {
    open.questions += 1
    const release = ask(question)
    let over = false
    return () => {
      if (!over) open.questions -= 1
      over = true
      release()
    }
  }
  const listen: Peer['on'] = command => counted(on(command), open)
  Object.defineProperty(channel, 'ask', { value: hear })
  Object.defineProperty(peer, 'on', { value: listen })
  Object.defineProperty(peer, 'messages$', { value: counted(messages$, open) })
}

/** The pong to a ping, at the call, as a node that has nothing to say before it. */
export const pongs = (message: Message): readonly Message[] =>
  message.command === 'ping' ? [{ command: 'pong', nonce: message.nonce }] : []

/** The pong to any ping of a question: what the dice of these diagrams throw is always the same. */
export const pong: Message = { command: 'pong', nonce: 0x0101_0101_0101_0101n }

/** What a diagram asks, and what the remote does. */
export interface Question<T> {
  /** What the remote says from 0 ms on, handshake included. Default: the handshake. */
  readonly said?: string
  /** What its letters stand for, besides the cast. */
  readonly values?: Record<string, Message>
  /** The remote's answers at the very call. */
  readonly replies?: (message: Message) => readonly Message[]
  /** When the remote takes what is written. Default: at once. */
  readonly taking?: (written: () => void) => void
  /** Over those of {@link quiet}. */
  readonly options?: PeerOptions
  /** The question, asked at 0 ms. */
  readonly ask: (peer: Peer) => Observable<T>
}

/** A question in a diagram. */
export interface Asking<T> extends Pick<Scene, 'remote'> {
  /** The answers, then `done` or the code of the error. Unsubscribing gives the question up and closes the peer. */
  readonly answer$: Observable<T | string>
  /** What the remote was asked after the handshake; see {@link describe}. */
  readonly asked$: Observable<string>
  /** What reached users of the peer behind the handshake: what no question has taken for itself; see {@link describe}. */
  readonly heard$: Observable<string>
  /** What the question has left at the peer at this moment: questions and subscriptions that hear it, timers, bytes charged. */
  left(): string
}

/** The handshake is all that a remote says here. */
export const shaken = '(va)'

const handshake: ReadonlySet<string> = new Set(['version', 'verack', 'wtxidrelay', 'sendaddrv2'])

/** Options under which a peer does nothing by itself: all timers are those of the question. */
export const quiet = {
  behaviors: { keepAlive: false, idle: false, stall: false, trickle: false, noteInventory: false },
} as const

/** Asks a scripted remote, over a peer that does nothing else. */
export function asking<T>(
  helpers: MarbleHelpers,
  { said = shaken, values = {}, replies = () => [], options = {}, taking, ask }: Question<T>,
): Asking<T> {
  const timers = countedTimers(helpers)
  const said$ = new Subject<Message>()
  helpers.hot<Message>(said, { ...cast, ...values }).subscribe(said$)
  const own = { ...quiet, ...options, scheduler: timers.scheduler }
  const { remote, peer$ } = outbound(helpers, said$, own, {}, { taking })
  const asked$ = new Subject<string>()
  remote.sent$
    .pipe(
      filter(({ command }) => !handshake.has(command)),
      map(describe),
    )
    .subscribe(asked$)
  remote.sent$.subscribe(message => {
    for (const reply of replies(message)) said$.next(reply)
  })

  const heard$ = new Subject<string>()
  const open: Open = { questions: 0, subscriptions: 0 }
  let charged = () => 0
  const answer$ = defer(() => {
    // The question outlives the stream of peers, so that its own end can be seen.
    const peers$ = new ReplaySubject<Peer>(1)
    const connection = peer$.subscribe({ next: peer => peers$.next(peer), error: () => {} })
    return peers$.pipe(
      switchMap(peer => {
        peer.messages$.pipe(map(describe)).subscribe(heard => heard$.next(heard))
        watch(peer, open)
        charged = () => channelOf(peer).requested()
        return ask(peer).pipe(
          endWith('done'),
          catchError((error: unknown) => of(codeOf(error))),
        )
      }),
      finalize(() => connection.unsubscribe()),
    )
  })
  const left = () => {
    const { questions, subscriptions } = open
    const rest = charged() > 0 ? `, ${charged()} bytes` : ''
    return `${questions} questions, ${subscriptions} subscriptions, ${timers.pending()} timers${rest}`
  }
  return { remote, answer$, asked$, heard$, left }
}

/** What a question has left at its peer a millisecond before and after it was given up at `ms`; the peer lives on. */
export function givenUp<T>(helpers: MarbleHelpers, question: Question<T>, ms: number): Observable<string> {
  const { scheduler } = helpers
  const { answer$, left } = asking(helpers, {
    ...question,
    ask: peer => question.ask(peer).pipe(takeUntil(timer(ms, scheduler))),
  })
  const looks$ = merge(timer(ms - 1, scheduler), timer(ms + 1, scheduler)).pipe(map(left))
  return merge(answer$.pipe(ignoreElements()), looks$)
}

/** Runs the diagram to its end, and looks at what is left there. */
export function expectNothingLeft(
  { flush }: Pick<MarbleHelpers, 'flush'>,
  ...questions: Asking<unknown>[]
): void {
  flush()
  for (const { left } of questions) {
    if (left() !== nothing) throw new Error(`left behind: ${left()}`)
  }
}
