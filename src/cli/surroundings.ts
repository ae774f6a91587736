import type { Sink } from './output.js'

/** The part of `process` that the command lives in. */
export interface Surroundings {
  readonly stdout: Sink
  readonly stderr: Sink
  readonly env: NodeJS.ProcessEnv
  on(event: NodeJS.Signals, listener: () => void): unknown
}

/** Ended in order, failed, not understood. */
export type ExitCode = 0 | 1 | 2
