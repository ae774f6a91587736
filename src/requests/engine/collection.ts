import type { Command, Message } from '../../wire/messages.js'
import type { Window } from './window.js'

/** What a message says of one thing that is collected. */
export interface Part<T> {
  /** The names by which it may have been asked for. */
  readonly names: readonly string[]
  /** Bytes that it takes to hold it back. */
  readonly bytes: number
  /**
   * Looks whether it is what was asked for at a place, and gives what makes the value of it; `undefined` for nothing to emit.
   * @param kept - it has to wait: nothing may be kept alive but its own bytes
   * @throws RequestError where it is not
   */
  ready(place: number, kept: boolean): () => T | undefined
}

/** Many things that are asked for, some at a time, and emitted in their order. */
export interface Collection<T> {
  /** How many. They are told by their places, from 0 on. */
  readonly length: number
  /** How many are on their way at a time; asked for at each subscription. */
  window(): Window
  /** The messages that ask for what is at these places, lowest first. */
  questions(places: readonly number[]): readonly Message[]
  /** The name of what is at a place. Places of the same name are asked for together. */
  name(place: number): string
  /** The same for people. */
  describe(place: number): string
  /** What a message says; `undefined` where it is not about such things. */
  read(message: Message): Iterable<Part<T>> | undefined
  /** Others of this command make it wonder whether they were meant for what was asked; it errors with `unanswered` then. */
  readonly wonders?: Command
}
