import {
  defer,
  map,
  type Observable,
  of,
  ReplaySubject,
  type SchedulerLike,
  skip,
  skipWhile,
  throwError,
} from 'rxjs'
import { accept } from '../peer/accept.js'
import { connect } from '../peer/connect.js'
import { createNonces } from '../peer/nonces.js'
import type { PeerOptions } from '../peer/options.js'
import type { Peer } from '../peer/peer.js'
import { type Dial, TransportError } from '../stream/connection.js'
import type { VersionMessage } from '../wire/messages/version.js'
import type { Message } from '../wire/messages.js'
import { regtest } from '../wire/network.js'
import type { MarbleHelpers } from './marbles.js'
import { versionMessage } from './messages.js'
import { render } from './render.js'
import {
  type ConnectionEnd,
  isSayable,
  type ScriptedRemote,
  type ScriptedRemoteOptions,
  scriptedRemote,
} from './scripted-remote.js'
import { seededRandom } from './seeded-random.js'

/**
 * Options that keep a peer inside a diagram: regtest, virtual time, seeded dice, nonces of its own, and none of the
 * habits that end a silent peer or talk to it by the clock: `keepAlive`, `pingTimeout`, `idle` and `stall` are off, so
 * that a diagram shows what it is about. Give them back by name.
 * @param options - over these; `behaviors` are merged by name
 * @example diagramOptions(helpers, { behaviors: { idle: idle(5_000) } })
 */
export function diagramOptions(
  { scheduler, clock }: Pick<MarbleHelpers, 'scheduler' | 'clock'>,
  options: PeerOptions = {},
): PeerOptions {
  const quiet = { keepAlive: false, pingTimeout: false, idle: false, stall: false } as const
  return {
    network: regtest,
    scheduler,
    clock,
    random: seededRandom(1),
    nonces: createNonces(),
    ...options,
    behaviors: { ...quiet, ...options.behaviors },
  }
}

/** What a diagram of the remote's words may hold: messages, or bytes where something is to be wrong. */
export type DiagramValues = Readonly<Record<string, Message | Uint8Array>>

/** What {@link peerInDiagram} and {@link dialInDiagram} can be told. */
export interface DiagramScene extends Pick<ScriptedRemoteOptions, 'remote' | 'drain'> {
  /** Options of our peer, over {@link diagramOptions}. */
  readonly options?: PeerOptions | undefined
  /** The remote's version message. Default: {@link versionMessage}. */
  readonly version?: VersionMessage | undefined
  /** What the remote says before verack. Default: wtxidrelay and sendaddrv2, from version 70016 on. */
  readonly features?: readonly Message[] | undefined
}

/** What {@link peerInDiagram} can be told. */
export interface PeerScene extends DiagramScene {
  /** Who opened the connection. Default: `outbound`, we did. */
  readonly direction?: 'inbound' | 'outbound' | undefined
}

/** A peer that has shaken hands, and the remote behind it. */
export interface PeerInDiagram {
  /** Ready at 0 ms. */
  readonly peer: Peer
  /**
   * What our side writes after the handshake, at the moment it does. Completes when our side ends the connection. Who
   * subscribes at that same moment, but later, gets it too: the order of `peer.send` and `expectObservable` does not
   * matter. What is older is gone.
   */
  readonly sent$: Observable<Message>
  /** How our side ended the connection; emits once and completes. Replayed at its moment, as `sent$` is. */
  readonly ended$: Observable<ConnectionEnd>
  /** What `connect` emits: the peer at 0 ms, then its end. Unsubscribing does not disconnect. */
  readonly peer$: Observable<Peer>
}

/**
 * @throws Error for a letter that stands for nothing that a remote can say: at the call, and not when its time has come
 * and nobody knows which diagram it was
 */
function checkLetters(drawn: string, values: DiagramValues): void {
  // A digit is time where RxJS takes it for that: with a blank or nothing before it, and a blank behind the unit.
  const letters = drawn.replace(/(?<=^| )\d+(?:\.\d+)?(?:ms|s|m) /g, ' ')
  for (const letter of letters) {
    const value: unknown = values[letter]
    if ('-|#()^! '.includes(letter) || isSayable(value)) continue
    const what = value === undefined ? 'nothing' : `${render(value)}, which is neither a message nor bytes`
    const hint = /\d/.test(letter) ? '; a time has a blank on either side' : ''
    throw new Error(`'${letter}' in the diagram '${drawn}' stands for ${what}${hint}`)
  }
}

/**
 * Replays what happens as long as it is the same moment: diagrams subscribe when time begins, which is after all that
 * the test does itself.
 */
function momentary<T>(scheduler: SchedulerLike): ReplaySubject<T> {
  // The window cannot be below 1, and a millisecond may be another moment already: timers take fractions.
  const nanoseconds = { now: () => scheduler.now() * 1_000_000 }
  return new ReplaySubject(Number.POSITIVE_INFINITY, 1, nanoseconds)
}

/** What is written behind our verack. */
function afterHandshake({ sent$ }: ScriptedRemote): Observable<Message> {
  return sent$.pipe(
    skipWhile(({ command }) => command !== 'verack'),
    skip(1),
  )
}

function remoteOptions(scene: DiagramScene, direction: 'inbound' | 'outbound'): ScriptedRemoteOptions {
  const { version = versionMessage(), features, remote, drain, options } = scene
  const own = options?.protocolVersion ?? version.protocolVersion
  return {
    network: options?.network,
    protocolVersion: Math.min(own, version.protocolVersion),
    remote,
    drain,
    handshake: { version, direction, features },
  }
}

/**
 * A peer that is ready when the diagram begins: the handshake takes no time and no place in it. What the remote says
 * is drawn, what our side writes is `sent$`.
 * @param said - the remote's words from 0 ms on; `|` is an EOF, `#` a broken connection
 * @param values - what the letters stand for
 * @throws Error for a letter that stands for nothing, and for a handshake that fails
 * @example
 * const { peer, sent$ } = peerInDiagram(helpers, '--p', { p: pingMessage(7n) })
 * helpers.expectObservable(sent$).toBe('--o', { o: pongMessage(7n) })
 */
export function peerInDiagram(
  helpers: MarbleHelpers,
  said = '',
  values: DiagramValues = {},
  scene: PeerScene = {},
): PeerInDiagram {
  const { direction = 'outbound' } = scene
  checkLetters(said, values)
  const words$ = helpers.hot(said, values, new TransportError('connection-reset'))
  const remote = scriptedRemote(words$, remoteOptions(scene, direction))
  const { connection } = remote
  const sent$ = momentary<Message>(helpers.scheduler)
  const ended$ = momentary<ConnectionEnd>(helpers.scheduler)
  afterHandshake(remote).subscribe(sent$)
  remote.ended$.subscribe(ended$)
  const options = diagramOptions(helpers, scene.options)
  const peer$ = new ReplaySubject<Peer>(Number.POSITIVE_INFINITY)
  let peer: Peer | undefined
  let failure: unknown
  const connected$ = direction === 'outbound' ? connect(of(connection), options) : accept(connection, options)
  connected$.subscribe({
    next: ready => {
      peer = ready
      peer$.next(ready)
    },
    error: (error: unknown) => {
      failure = error
      peer$.error(error)
    },
    complete: () => peer$.complete(),
  })
  if (peer === undefined)
    throw new Error('there is no peer at 0 ms: the handshake failed', { cause: failure })
  return { peer, peer$, sent$, ended$ }
}

/** Connections that a pipeline dials, one diagram each. */
export interface DialInDiagram {
  /** Give it to `connect`. */
  readonly dial: Dial
  /** Give them to `connect` too; see {@link diagramOptions}. */
  readonly options: PeerOptions
  /**
   * What is written after the handshake, over all connections. Never completes. Who subscribes later, but at the same
   * moment, gets it too.
   */
  readonly sent$: Observable<Message>
  /** The number of each attempt, from 1 on, when it is made. Never completes. Replayed at its moment, as `sent$` is. */
  readonly dialled$: Observable<number>
}

/**
 * Remotes for pipelines that dial, and dial again: each attempt finds a remote that shakes hands at once and then says
 * the next diagram, from the attempt on. Attempts behind the last diagram are refused (`connection-refused`).
 * @param said - one diagram an attempt; `|` is an EOF, `#` a broken connection
 * @param values - what the letters stand for
 * @throws Error for a letter that stands for nothing
 * @example
 * const { dial, options, dialled$ } = dialInDiagram(helpers, ['--|', '--i'], { i: invMessage() })
 * const inv$ = connect(dial, options).pipe(retry({ delay: 5_000 }), switchMap(peer => peer.on('inv')))
 */
export function dialInDiagram(
  helpers: MarbleHelpers,
  said: readonly string[],
  values: DiagramValues = {},
  scene: DiagramScene = {},
): DialInDiagram {
  for (const drawn of said) checkLetters(drawn, values)
  const sent$ = momentary<Message>(helpers.scheduler)
  const dialled$ = momentary<number>(helpers.scheduler)
  let attempts = 0
  const dial: Dial = defer(() => {
    const drawn = said[attempts]
    attempts += 1
    dialled$.next(attempts)
    if (drawn === undefined) return throwError(() => new TransportError('connection-refused'))
    const words$ = helpers.cold(drawn, values, new TransportError('connection-reset'))
    const remote = scriptedRemote(words$, remoteOptions(scene, 'outbound'))
    afterHandshake(remote).subscribe({ next: message => sent$.next(message) })
    return of(remote.connection)
  })
  return { dial, options: diagramOptions(helpers, scene.options), sent$, dialled$ }
}

/** The commands of messages, for diagrams in which only they matter: `'inv'`, `'tx'` … */
export function commandsOf(messages$: Observable<Message>): Observable<string> {
  return messages$.pipe(map(({ command }) => command))
}
