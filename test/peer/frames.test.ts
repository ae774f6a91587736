import { describe, expect, it } from 'vitest'
import { withoutFrames } from '../../src/peer/frames.js'

describe('withoutFrames', () => {
  it('makes an error that says what it is, and not where it was made', () => {
    const error = withoutFrames(() => new TypeError('odd'))
    expect(error.stack).toBe('TypeError: odd')
  })

  it('leaves the frames of all other errors, also where making this one fails', () => {
    const limit = Error.stackTraceLimit
    withoutFrames(() => new Error())
    expect(Error.stackTraceLimit).toBe(limit)
    const cause = new Error('no error today')
    expect(() =>
      withoutFrames(() => {
        throw cause
      }),
    ).toThrow(cause)
    expect(Error.stackTraceLimit).toBe(limit)
    expect(new Error('here').stack).toContain('frames.test')
  })

  it('makes the error all the same where the limit is frozen', () => {
    const before = Object.getOwnPropertyDescriptor(Error, 'stackTraceLimit')
    Object.defineProperty(Error, 'stackTraceLimit', { value: 10, writable: false, configurable: true })
    try {
      expect(withoutFrames(() => new Error('here')).stack).toContain('frames.test')
    } finally {
      Object.defineProperty(
        Error,
        'stackTraceLimit',
        before ?? { value: 10, writable: true, configurable: true },
      )
    }
  })
})
