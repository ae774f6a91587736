import type { Observable } from 'rxjs'
import type { PeerDirection } from '../behaviors/behavior.js'
import type { CliEvent } from './events.js'
import type { OptionName, Settings } from './options.js'
import type { Roster } from './roster.js'

/** What a running command has to do with. */
export interface Stage {
  /** Prints what happens to peers, and ends them. */
  readonly roster: Roster
  /** Prints anything else. */
  tell(event: CliEvent): void
}

/** A command that is ready to run. It runs until it is unsubscribed; completing is an end in order, an error is not. */
export type Job = (stage: Stage) => Observable<unknown>

/** Loads what a command runs on, which is most of the program: arguments are read, and refused, without it. */
export type Load = () => Promise<Job>

/**
 * How long a remote may keep a connection open that we have ended, ms. Shorter than the transport's own, since a
 * person is waiting for the prompt.
 */
export const LINGER = 500

/** A subcommand of `rxpeer`. */
export interface Command {
  /** Which side opens its connections: one of ours, or any number of others'. */
  readonly direction: PeerDirection
  /** One line for the help. */
  readonly summary: string
  /** What it takes besides options, as the help shows it. */
  readonly operands: readonly string[]
  /** The options that it takes besides those of {@link commonOptions}. */
  readonly options: readonly OptionName[]
  /** Lines for its own help. */
  readonly details?: readonly string[]
  /**
   * Reads what is particular to it; nothing is loaded before it is asked for, and nothing happens before the job is
   * called and subscribed.
   * @param operands - as many as `operands`
   * @throws UsageError
   */
  prepare(settings: Settings, operands: readonly string[]): Load
}

/** Options of every command. */
export const commonOptions: readonly OptionName[] = [
  'network',
  'command',
  'count',
  'for',
  'json',
  'help',
  'version',
]
