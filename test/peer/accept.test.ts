import { of, Subject } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { accept } from '../../src/peer/accept.js'
import { acceptEach } from '../../src/peer/accept-each.js'
import type { PeerError } from '../../src/peer/close.js'
import { connect } from '../../src/peer/connect.js'
import { createNonces } from '../../src/peer/nonces.js'
import { type Connection, TransportError } from '../../src/stream/connection.js'
import { scriptedRemote } from '../../src/testing/scripted-remote.js'
import type { Message } from '../../src/wire/messages.js'
import { regtest } from '../../src/wire/network.js'
import { remoteVersion, stillClock } from '../support/conversation.js'

const options = () => ({ network: regtest, nonces: createNonces(), clock: stillClock })

function remote() {
  const said = new Subject<Message | Uint8Array>()
  const scripted = scriptedRemote(said)
  const ended: string[] = []
  scripted.ended$.subscribe(how => ended.push(how))
  const shakeHands = () => {
    said.next(remoteVersion())
    said.next({ command: 'verack' })
  }
  return { ...scripted, said, ended, shakeHands }
}

describe('accept', () => {
  it('takes a connection only once', () => {
    const { connection } = remote()
    const codes: string[] = []
    accept(connection, options()).subscribe({ error: error => codes.push(error.code) })
    accept(connection, options()).subscribe({ error: error => codes.push(error.code) })
    expect(codes).toEqual(['connection-used'])
  })

  it('is cold: nothing is read or written before it is subscribed', () => {
    const { connection, sent$, said, shakeHands } = remote()
    const written: Message[] = []
    sent$.subscribe(message => written.push(message))
    const peer$ = accept(connection, options())
    expect(said.observed).toBe(true)
    expect(written).toEqual([])
    peer$.subscribe()
    shakeHands()
    expect(written.map(({ command }) => command)).toEqual(['version', 'wtxidrelay', 'sendaddrv2', 'verack'])
  })
})

describe('acceptEach', () => {
  it('emits peers in the order of their handshakes, and tells of failures aside', () => {
    const connections = new Subject<Connection>()
    const log: string[] = []
    connections
      .pipe(acceptEach({ ...options(), failed: error => log.push(`failed ${error.code}`) }))
      .subscribe({
        next: peer => log.push(`peer ${peer.version.userAgent}`),
        error: error => log.push(`error ${error.code}`),
        complete: () => log.push('complete'),
      })
    const [bad, slow, fast] = [remote(), remote(), remote()]
    for (const { connection } of [bad, slow, fast]) connections.next(connection)
    bad.said.next(Uint8Array.of(0))
    fast.shakeHands()
    slow.shakeHands()
    fast.said.complete()
    connections.complete()
    expect(log).toEqual([
      'failed wrong-magic',
      'peer /remote:1.0.0/',
      'peer /remote:1.0.0/',
      'failed remote-closed',
    ])
  })

  it('passes an error of the listener through', () => {
    const codes: string[] = []
    const listener = new Subject<Connection>()
    listener.pipe(acceptEach(options())).subscribe({ error: error => codes.push(error.code) })
    listener.error(new TransportError('address-in-use'))
    expect(codes).toEqual(['address-in-use'])
  })

  it('disconnects all peers when it is unsubscribed', () => {
    const connections = new Subject<Connection>()
    const subscription = connections.pipe(acceptEach(options())).subscribe()
    const [one, other] = [remote(), remote()]
    for (const { connection } of [one, other]) connections.next(connection)
    one.shakeHands()
    subscription.unsubscribe()
    expect([one.ended, other.ended]).toEqual([['close'], ['close']])
    expect([one.said.observed, connections.observed]).toEqual([false, false])
  })
})

describe('connect', () => {
  it('errors with the code of the transport where dialling fails', () => {
    const errors: unknown[] = []
    const dial$ = new Subject<Connection>()
    connect(dial$, options()).subscribe({ error: error => errors.push(error) })
    dial$.error(new TransportError('connection-refused'))
    expect(errors).toEqual([
      expect.objectContaining({ name: 'PeerError', code: 'connection-refused', by: 'remote' }),
    ])
  })

  it('errors where a dial ends without a connection', () => {
    const errors: unknown[] = []
    connect(of(), options()).subscribe({ error: error => errors.push(error) })
    expect(errors).toEqual([expect.objectContaining({ code: 'connection-failed' })])
  })

  it('stops dialling when it is unsubscribed', () => {
    let dialling = false
    const dial$ = new Subject<Connection>()
    const subscription = connect(dial$, options()).subscribe()
    dialling = dial$.observed
    subscription.unsubscribe()
    expect([dialling, dial$.observed]).toEqual([true, false])
  })

  it('aborts a second connection of one dial', () => {
    const [first, second] = [remote(), remote()]
    const subscription = connect(of(first.connection, second.connection), options()).subscribe()
    expect([first.ended, second.ended]).toEqual([[], ['abort']])
    subscription.unsubscribe()
  })

  it('reports what newestBlock throws in its own error channel, and leaves no connection open', () => {
    const { connection, ended } = remote()
    const bug = new RangeError('a bug of the user')
    const errors: PeerError[] = []
    connect(of(connection), {
      ...options(),
      newestBlock: () => {
        throw bug
      },
    }).subscribe({ error: error => errors.push(error) })
    expect(errors.map(({ code, reason, cause }) => ({ code, reason, cause }))).toEqual([
      { code: 'callback-failed', reason: 'our version message failed: a bug of the user', cause: bug },
    ])
    expect(ended).toEqual(['close'])
  })

  it('two peers of one process with the shared registry are a self-connection', () => {
    const codes: string[] = []
    const written: Message[] = []
    const dialled = remote()
    const accepted = remote()
    dialled.sent$.subscribe(message => written.push(message))
    connect(of(dialled.connection), { network: regtest }).subscribe({
      error: error => codes.push(error.code),
    })
    accept(accepted.connection, { network: regtest }).subscribe({ error: error => codes.push(error.code) })
    const [own] = written
    if (own) accepted.said.next(own)
    expect(codes).toEqual(['self-connection'])
    dialled.said.complete()
    expect(codes).toEqual(['self-connection', 'remote-closed'])
  })
})
