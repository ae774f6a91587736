import type { Message } from '../wire/messages.js'
import { attempt } from './attempt.js'
import type { CloseReason } from './close.js'

/** What a question makes of a message. */
export type Take =
  /** Not its answer. */
  | 'passed'
  /** Its answer, and nobody else's: users do not see it. */
  | 'claimed'
  /** Perhaps its answer: users see it too. Nothing is lost, and a thing may come twice. */
  | 'shared'

/** Something that the remote was asked, and the answer is to come. */
export interface Question {
  /** Called for every message, in wire order, behind the behaviors and before users. */
  take(message: Message): Take
  /** Called once, when no answer can come any more because the peer ends. */
  ended(reason: CloseReason): void
}

const NONE: readonly Question[] = []

/** The open questions of a peer, the oldest first. */
export class Questions {
  /** Replaced and never changed: a question may close, and others open, while an answer is handed round. */
  #open: readonly Question[] = NONE
  #ended: CloseReason | undefined

  /** Opens a question until the returned function is called. */
  ask(question: Question): () => void {
    if (this.#ended !== undefined) {
      question.ended(this.#ended)
      return () => {}
    }
    this.#open = [...this.#open, question]
    return () => {
      if (this.#open.includes(question)) this.#open = this.#open.filter(other => other !== question)
    }
  }

  /** Hands a message round; whether it belongs to questions alone. */
  claims(message: Message): boolean {
    let claimed = false
    let shared = false
    const open = this.#open
    for (const question of open) {
      // One that was closed by the answer to another has nothing to say any more.
      if (this.#open !== open && !this.#open.includes(question)) continue
      const take = question.take(message)
      claimed ||= take === 'claimed'
      shared ||= take === 'shared'
    }
    return claimed && !shared
  }

  end(reason: CloseReason): void {
    if (this.#ended !== undefined) return
    this.#ended = reason
    const open = this.#open
    this.#open = NONE
    for (const question of open) attempt(() => question.ended(reason))
  }
}
