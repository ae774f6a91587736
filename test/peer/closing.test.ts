import { defer, map, of, retry, Subject, switchMap, toArray, VirtualTimeScheduler } from 'rxjs'
import { describe, expect, it, vi } from 'vitest'
import { type CloseReason, PeerError } from '../../src/peer/close.js'
import { connect } from '../../src/peer/connect.js'
import { createNonces } from '../../src/peer/nonces.js'
import { TransportError } from '../../src/stream/connection.js'
import { scriptedRemote } from '../../src/testing/scripted-remote.js'
import { WireError } from '../../src/wire/error.js'
import type { Message } from '../../src/wire/messages.js'
import { regtest } from '../../src/wire/network.js'
import { converse, remoteVersion, stillClock } from '../support/conversation.js'

const watch = (conversation: ReturnType<typeof converse>) => {
  const reasons: CloseReason[] = []
  conversation.peer.closed$.subscribe(reason => reasons.push(reason))
  return reasons
}

describe('closing', () => {
  it('goes in order: socket, pending sends, closed$, connect, streams', () => {
    const log: string[] = []
    const { peer, said, remote } = converse({}, { log, taking: () => {} })
    remote.ended$.subscribe(how => log.push(`socket ${how}`))
    peer.messages$.subscribe({ complete: () => log.push('messages$ complete') })
    peer.on('inv').subscribe({ complete: () => log.push('on complete') })
    peer.sent$.subscribe({ complete: () => log.push('sent$ complete') })
    peer.closed$.subscribe({
      next: ({ code }) => log.push(`closed$ ${code}`),
      complete: () => log.push('closed$ complete'),
    })
    peer.send({ command: 'getaddr' }).subscribe(written => log.push(`send ${written}`))
    said.complete()
    expect(log).toEqual([
      'peer',
      'socket abort',
      'send false',
      'closed$ remote-closed',
      'closed$ complete',
      'error remote-closed',
      'sent$ complete',
      'on complete',
      'messages$ complete',
    ])
  })

  it('our own disconnect() completes connect', () => {
    const conversation = converse()
    const reasons = watch(conversation)
    conversation.peer.disconnect('enough')
    expect(conversation.log).toEqual(['peer', 'complete'])
    expect(reasons).toEqual([{ code: 'disconnected', by: 'local', reason: 'enough' }])
  })

  it('disconnect() is idempotent, and the first reason stays', () => {
    const conversation = converse()
    conversation.peer.disconnect('one')
    conversation.peer.disconnect('two')
    conversation.said.complete()
    expect(watch(conversation)).toEqual([{ code: 'disconnected', by: 'local', reason: 'one' }])
    expect(conversation.log).toEqual(['peer', 'complete'])
  })

  it('unsubscribing disconnects', () => {
    const conversation = converse()
    const ended = vi.fn()
    conversation.remote.ended$.subscribe(ended)
    conversation.unsubscribe()
    expect(ended).toHaveBeenCalledWith('close')
    expect(watch(conversation)).toEqual([{ code: 'disconnected', by: 'local', reason: 'unsubscribed' }])
  })

  it('an EOF errors with remote-closed, by the remote', () => {
    const conversation = converse()
    conversation.said.complete()
    expect(watch(conversation)).toEqual([
      { code: 'remote-closed', by: 'remote', reason: 'the remote ended the connection' },
    ])
    expect(conversation.log).toEqual(['peer', 'error remote-closed'])
  })

  it('an EOF before the version message hints at what it may mean', () => {
    const errors: PeerError[] = []
    const said = new Subject<Message | Uint8Array>()
    const { connection } = scriptedRemote(said)
    connect(of(connection), { network: regtest, nonces: createNonces(), clock: stillClock }).subscribe({
      error: error => errors.push(error),
    })
    said.complete()
    expect(errors).toMatchObject([{ code: 'remote-closed', by: 'remote' }])
    expect(errors[0]?.reason).toMatch(/before its version message: is it on another network\?$/)
  })

  it('an EOF inside a frame has a code of its own', () => {
    const conversation = converse()
    conversation.said.next(Uint8Array.of(0xfa, 0xbf, 0xb5))
    conversation.said.complete()
    const [reason] = watch(conversation)
    expect(reason).toMatchObject({ code: 'truncated-frame', by: 'remote' })
    expect(reason?.cause).toBeInstanceOf(WireError)
  })

  it('a broken connection carries the transport error', () => {
    const conversation = converse()
    const cause = new TransportError('connection-reset')
    conversation.said.error(cause)
    expect(watch(conversation)).toEqual([
      { code: 'connection-reset', by: 'remote', reason: cause.message, cause },
    ])
  })

  it('the error carries code, side, reason, cause and the figures of the end', () => {
    const errors: PeerError[] = []
    const said = new Subject<Message | Uint8Array>()
    const remote = scriptedRemote(said)
    connect(of(remote.connection), { network: regtest, nonces: createNonces(), clock: stillClock }).subscribe(
      {
        error: error => errors.push(error),
      },
    )
    said.next(remoteVersion())
    said.next(Uint8Array.of(1))
    const [error] = errors
    expect(error).toBeInstanceOf(PeerError)
    expect(error).toMatchObject({ code: 'wrong-magic', by: 'local' })
    expect(error?.message).toBe(`wrong-magic: ${error?.reason}`)
    expect(error?.cause).toBeInstanceOf(WireError)
    expect(error?.stats).toMatchObject({ messagesReceived: 1, userAgent: '/remote:1.0.0/', version: 70016 })
  })

  it('toArray() inside switchMap emits no cut-off list; retry dials a fresh peer', () => {
    const lists: Message[][] = []
    const remotes: Subject<Message | Uint8Array>[] = []
    const dial$ = defer(() => {
      const said = new Subject<Message | Uint8Array>()
      remotes.push(said)
      return of(scriptedRemote(said).connection)
    })
    const subscription = connect(dial$, { network: regtest, nonces: createNonces(), clock: stillClock })
      .pipe(
        switchMap(peer => peer.messages$.pipe(toArray())),
        retry(1),
      )
      .subscribe({ next: list => lists.push(list), error: () => {} })
    for (const message of [remoteVersion(), { command: 'verack' }, { command: 'getaddr' }] as const) {
      remotes[0]?.next(message)
    }
    remotes[0]?.complete()
    expect(lists).toEqual([])
    expect(remotes).toHaveLength(2)
    subscription.unsubscribe()
  })

  it('the wrong magic closes at the first wrong byte', () => {
    const conversation = converse()
    conversation.said.next(Uint8Array.of(0xfa, 0xbf, 0x47))
    expect(watch(conversation)).toMatchObject([{ code: 'wrong-magic', by: 'local', cause: { offset: 2 } }])
    expect(conversation.log).toEqual(['peer', 'error wrong-magic'])
  })

  it('[Symbol.asyncDispose] closes and waits for the end', async () => {
    const conversation = converse()
    await conversation.peer[Symbol.asyncDispose]()
    expect(watch(conversation)).toMatchObject([{ code: 'disconnected', reason: 'disposed' }])
    await conversation.peer[Symbol.asyncDispose]()
  })

  it('a behavior that fails closes the peer and is named', () => {
    const bug = new RangeError('a bug')
    const { said, log, peer } = converse({
      behaviors: {
        broken: ({ on }) =>
          on('ping').pipe(
            map(() => {
              throw bug
            }),
          ),
      },
    })
    const reasons: CloseReason[] = []
    peer.closed$.subscribe(reason => reasons.push(reason))
    said.next({ command: 'ping', nonce: 1n })
    expect(reasons).toEqual([
      { code: 'behavior-failed', by: 'local', reason: 'the behavior "broken" failed: a bug', cause: bug },
    ])
    expect(log).toEqual(['peer', 'error behavior-failed'])
  })

  it('a transport that takes the handshake late starts no deadline for its answer', () => {
    const scheduler = new VirtualTimeScheduler()
    const waiting: (() => void)[] = []
    const { log } = converse(
      { scheduler, behaviors: { keepAlive: false } },
      { direction: 'inbound', taking: written => waiting.push(written) },
    )
    for (const written of waiting) written()
    scheduler.maxFrames = 120_000
    scheduler.flush()
    expect(log).toEqual(['peer'])
  })

  it('the first reason counts, also where an observer of the traffic ends it twice', () => {
    let act = () => {}
    const { peer, said, unsubscribe } = converse({ traffic: { next: () => act() } })
    const reasons: string[] = []
    peer.closed$.subscribe(({ reason }) => reasons.push(reason))
    act = () => {
      peer.disconnect('enough')
      unsubscribe()
    }
    said.next({ command: 'getaddr' })
    expect(reasons).toEqual(['enough'])
  })
})
