import { of, Subject, take } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { decodeAs } from '../../src/stream/decode-as.js'
import { list, struct, u16, u32 } from '../../src/wire/codec.js'
import { WireError } from '../../src/wire/error.js'
import { hexToBytes } from '../../src/wire/hex.js'
import type { List } from '../../src/wire/list.js'
import type { Message } from '../../src/wire/messages.js'
import { converse } from '../support/conversation.js'

interface Draft {
  readonly leaves: number
  readonly roots: List<number>
}
const codec = struct<Draft>({ leaves: u32, roots: list(u16, 4) })

/** 5 leaves, roots 1 and 2. */
const payload = hexToBytes('05000000 02 0100 0200'.replaceAll(' ', ''))
const unknown = (name: string, bytes: Uint8Array): Message => ({ command: 'unknown', name, payload: bytes })

function collect(source$: Subject<Message>) {
  const log: unknown[] = []
  const subscription = source$.pipe(decodeAs('draft', codec)).subscribe({
    next: ({ leaves, roots }) => log.push([leaves, ...roots]),
    error: error => log.push(error),
    complete: () => log.push('complete'),
  })
  return { log, subscription }
}

describe('decodeAs', () => {
  it.each([
    ['inv', /ofCommand\('inv'\)/],
    ['', /no message/],
    ['thirteen-long', /no message/],
    ['draf\u0000', /no message/],
  ])('takes no name under which nothing would ever come: "%s"', (name, why) => {
    expect(() => decodeAs(name, u16)).toThrow(TypeError)
    expect(() => decodeAs(name, u16)).toThrow(why)
  })

  it('reads the messages of its name, of nothing else, and completes with the source', () => {
    const source$ = new Subject<Message>()
    const { log } = collect(source$)
    source$.next(unknown('draft', payload))
    source$.next(unknown('drafts', payload))
    source$.next({ command: 'getaddr' })
    source$.next(unknown('draft', payload))
    source$.complete()
    expect(log).toEqual([[5, 1, 2], [5, 1, 2], 'complete'])
  })

  it.each([
    ['is too short', payload.subarray(0, -1), 'truncated'],
    ['is too long', Uint8Array.of(...payload, 0), 'trailing-bytes'],
    ['counts too many', Uint8Array.of(...payload.subarray(0, 4), 5), 'too-many'],
  ])('errors with a WireError where a payload %s', (_, bytes, code) => {
    const source$ = new Subject<Message>()
    const { log } = collect(source$)
    source$.next(unknown('draft', bytes))
    const [error] = log
    if (!(error instanceof WireError)) throw new Error(`no WireError: ${error}`)
    expect(error.code).toBe(code)
    expect(error.command).toBe('draft')
    expect(source$.observed).toBe(false)
  })

  it('passes errors on, and says nothing while the source does not', () => {
    const source$ = new Subject<Message>()
    const { log } = collect(source$)
    expect(log).toEqual([])
    const broken = new Error('broken')
    source$.error(broken)
    expect(log).toEqual([broken])
  })

  it('leaves the source when it is left', () => {
    const source$ = new Subject<Message>()
    const { log, subscription } = collect(source$)
    subscription.unsubscribe()
    source$.next(unknown('draft', payload))
    expect(log).toEqual([])
    expect(source$.observed).toBe(false)
    const first: number[] = []
    of(unknown('draft', payload), unknown('draft', Uint8Array.of()))
      .pipe(decodeAs('draft', codec), take(1))
      .subscribe(({ leaves }) => first.push(leaves))
    expect(first).toEqual([5])
  })

  it('can be entered again by what it calls', () => {
    const source$ = new Subject<Message>()
    const log: number[] = []
    source$.pipe(decodeAs('draft', u16)).subscribe(value => {
      log.push(value)
      if (value === 1) source$.next(unknown('draft', Uint8Array.of(2, 0)))
    })
    source$.next(unknown('draft', Uint8Array.of(1, 0)))
    expect(log).toEqual([1, 2])
  })

  it('leaves the peer alive when a payload does not fit', () => {
    const { peer, said, log } = converse()
    const codes: string[] = []
    peer.messages$.pipe(decodeAs('draft', u16)).subscribe({ error: error => codes.push(error.code) })
    said.next(unknown('draft', Uint8Array.of(1)))
    expect(codes).toEqual(['truncated'])
    expect(log).toEqual(['peer'])
  })
})
