import { callbackFailed } from './callback.js'
import type { Lookup } from './node-types.js'

/**
 * A look-up of the user that fails as look-ups do, where it throws, answers twice, or answers with what is no address:
 * each of these would be an exception out of the socket's own code.
 */
export function guardedLookup(lookup: Lookup): Lookup {
  return (name, options, callback) => {
    let answered = false
    const answer: typeof callback = (...given) => {
      if (answered) return
      answered = true
      try {
        callback(...given)
      } catch (cause) {
        callback(callbackFailed('lookup', cause), [])
      }
    }
    try {
      lookup(name, options, answer)
    } catch (cause) {
      answer(callbackFailed('lookup', cause), [])
    }
  }
}
