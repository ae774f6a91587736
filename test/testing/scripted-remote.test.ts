import { describe, expect, it } from 'vitest'
import { marbles } from '../../src/testing/marbles.js'
import { scriptedRemote } from '../../src/testing/scripted-remote.js'

describe('scriptedRemote', () => {
  it.each([
    [undefined, 'undefined'],
    ['ping', '"ping"'],
    [{ command: 'pinging' }, '{command: "pinging"}'],
  ])('says what is neither a message nor bytes: %o', (value, shown) => {
    const test = marbles(({ hot }) => {
      Reflect.apply(scriptedRemote, undefined, [hot('-x', { x: value })])
    })
    expect(test).toThrow(new TypeError(`a remote says messages and bytes, and ${shown} is neither`))
  })
})
