import { describe, expect, it } from 'vitest'
import { RequestError, requestFaults } from '../../src/requests/request-error.js'
import { WireError } from '../../src/wire/error.js'

const asJson = (error: unknown): unknown => JSON.parse(JSON.stringify(error))

describe('RequestError', () => {
  it.each(Object.entries(requestFaults))('means by %s what its table says', (_, meaning) => {
    expect(meaning.length).toBeGreaterThan(20)
  })

  it('has the general meaning of its code for a message where no detail is given', () => {
    expect(new RequestError('timeout').message).toBe(requestFaults.timeout)
  })

  it('survives JSON: name, code, message, and its cause as data', () => {
    const reason = { code: 'remote-closed', by: 'remote', reason: 'the remote ended the connection' }
    const error = new RequestError('peer-closed', 'the peer closed: remote-closed', { cause: reason })
    expect(asJson(error)).toEqual({
      name: 'RequestError',
      code: 'peer-closed',
      message: 'the peer closed: remote-closed',
      cause: reason,
    })
    expect(asJson(new RequestError('timeout', 'no answer'))).toEqual({
      name: 'RequestError',
      code: 'timeout',
      message: 'no answer',
    })
  })

  it('tells what errors say of themselves, with the errors behind them', () => {
    const behind = new WireError('truncated', 'the filter ends', { command: 'cfilter', offset: 4 })
    const error = new RequestError('bad-answer', 'cannot be read', { cause: behind })
    expect(asJson(error)).toMatchObject({
      cause: { name: 'WireError', code: 'truncated', message: behind.message },
    })
    const twice = new RequestError('peer-closed', 'gone', { cause: { code: 'truncated', cause: behind } })
    expect(asJson(twice)).toMatchObject({ cause: { code: 'truncated', cause: { name: 'WireError' } } })
  })

  it.each<[string, unknown, unknown]>([
    ['a large number', 2n ** 64n, '18446744073709551616'],
    ['large numbers in a list', { list: [1n, 2] }, { list: ['1', 2] }],
    ['null', null, null],
    ['a word', 'enough', 'enough'],
    ['nothing that JSON has', { run: () => 1, mark: Symbol('mark') }, {}],
  ])('takes %s for a cause', (_, cause, seen) => {
    expect(asJson(new RequestError('aborted', undefined, { cause }))).toMatchObject({ cause: seen })
  })

  it('takes a circle for a cause', () => {
    const circle: { next?: unknown } = {}
    circle.next = circle
    expect(() => JSON.stringify(new RequestError('aborted', undefined, { cause: circle }))).not.toThrow()
  })

  it('takes what an AbortController gives for a reason', () => {
    const { signal } = abortedController()
    const error = new RequestError('aborted', undefined, { cause: signal.reason })
    expect(asJson(error)).toMatchObject({ code: 'aborted', cause: { name: 'AbortError' } })
  })
})

function abortedController(): AbortController {
  const abort = new AbortController()
  abort.abort()
  return abort
}
