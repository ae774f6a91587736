import type { Observable } from 'rxjs'
import type { Take } from '../../peer/channel.js'
import type { Peer } from '../../peer/peer.js'
import type { Command, Message } from '../../wire/messages.js'
import { RequestError } from '../request-error.js'
import type { Patience } from '../request-options.js'
import { exchange, type Run } from './exchange.js'
import type { Need } from './offers.js'
import { Turns } from './turns.js'

/** An answer, and whether it is one for sure: one that may be something else goes to users too. */
export interface Answer<T> {
  readonly take: Exclude<Take, 'passed'>
  readonly value: T
}

/** A question that has one answer. */
export interface Inquiry<T> {
  /** What is sent, made anew for each asking. */
  question(): Message
  /** What a message answers; `undefined` for nothing. */
  answer(message: Message): Answer<T> | undefined
  /** Others of this command make it wonder whether they were meant for an answer; it errors with `unanswered` then. */
  readonly wonders?: Command
  /** Whether such questions have to take turns. For headers alone. */
  readonly takesTurns?: boolean
  /** What does for an answer at the last timeout. */
  otherwise?(): T | undefined
}

/**
 * Asks a question that has one answer, emits that and completes.
 * @param inquiry - called at each subscription
 */
export function inquire<T>(
  peer: Peer,
  patience: Patience,
  need: Need,
  inquiry: () => Inquiry<T>,
): Observable<T> {
  return exchange(peer, patience, need, run => planOf(run, inquiry()))
}

function planOf<T>(run: Run<T>, inquiry: Inquiry<T>) {
  const turns = inquiry.takesTurns ? Turns.of(run.peer) : undefined
  let name = 'answer'
  const unanswered = () => {
    run.fail(new RequestError('unanswered', `${inquiry.wonders} came, but none that answer the question`))
  }
  const take = (message: Message): Take => {
    const answer = inquiry.answer(message)
    if (answer === undefined) {
      if (message.command === inquiry.wonders) run.wonder(message, unanswered)
      return 'passed'
    }
    if (message.command === 'headers') turns?.answered(asker, message)
    run.settle(answer.value)
    return answer.take
  }
  const asker = {
    take,
    passedOver: () =>
      run.fail(new RequestError('unanswered', 'the remote has answered what was asked behind it')),
  }
  return {
    awaited: () => `answer to ${name}`,
    ask: () => {
      const question = inquiry.question()
      name = question.command
      turns?.begin(asker)
      if (!run.closed) run.channel.send(question)
    },
    take: (message: Message): Take => (turns && message.command === 'headers' ? 'passed' : take(message)),
    makeDo: () => {
      const value = inquiry.otherwise?.()
      if (value !== undefined) run.settle(value)
      return value !== undefined
    },
    close: () => turns?.leave(asker),
  }
}
