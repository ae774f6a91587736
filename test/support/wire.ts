import { expect } from 'vitest'
import { WireError, type WireErrorCode } from '../../src/wire/error.js'

/** The WireError that `run` throws; fails where it throws none, or anything else. */
export function wireErrorOf(run: () => unknown): WireError {
  try {
    run()
  } catch (error) {
    if (error instanceof WireError) return error
    throw error
  }
  expect.fail('a WireError was expected, and nothing was thrown')
}

/** Runs and answers the code of the WireError, or `ok`. Anything else that is thrown passes through. */
export function outcome(run: () => unknown): WireErrorCode | 'ok' {
  try {
    run()
    return 'ok'
  } catch (error) {
    if (error instanceof WireError) return error.code
    throw error
  }
}
