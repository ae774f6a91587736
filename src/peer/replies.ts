import type { Answer } from '../behaviors/behavior.js'
import type { Ledger } from '../stream/ledger.js'
import { readsBytes } from '../stream/objects.js'
import { Queue } from '../stream/queue.js'
import type { Message } from '../wire/messages.js'
import { attempt } from './attempt.js'
import type { Marks } from './marks.js'
import type { Outbox } from './outbox.js'
import type { Pace } from './pace.js'
import type { Posting } from './posting.js'

/** Bytes of an iterator that waits: a generator of ordinary size, with what it remembers, and its place in the queue. */
const ITERATOR_COST = 300
/** Bytes of an answer that waits, and is numbers only. */
const ANSWER_COST = 144

/** What was asked, and waits for its answers to be taken. */
interface Waiting {
  /** Name of the behavior that answers. */
  readonly by: string
  readonly answer: Message | Iterator<Message>
  /** Bytes that it keeps alive while it waits: the question, and an answer that is made already. */
  readonly cost: number
}

/** What replies need of their peer. */
export interface RepliesHost {
  /** What a behavior says cannot be sent, or its iterable failed. */
  misspoke(by: string, error: unknown): void
  /** `full` has changed. */
  pressed(): void
}

export function isMessage(answer: Answer): answer is Message {
  return 'command' in answer
}

function isIterator(answer: Message | Iterator<Message>): answer is Iterator<Message> {
  return !('command' in answer)
}

/**
 * Answers to what the remote asks, in the order of its questions. They are pulled: while more of them than the mark is not
 * written the next one is not made, and what waits is the question. So a remote that asks and does not read costs what
 * its questions cost, and two peers that serve each other never wait for each other with full hands.
 */
export class Replies {
  readonly #outbox: Outbox
  readonly #ledger: Ledger
  readonly #marks: Pick<Marks, 'question' | 'reply'>
  /** The same for all: what waits keeps it. */
  #posting: Posting = { account: 'reply' }
  readonly #pace: Pace
  readonly #host: RepliesHost
  readonly #waiting = new Queue<Waiting>()
  #pulling = false
  #resting = false
  #full = false
  #closed = false

  constructor(
    {
      outbox,
      ledger,
      marks,
      pace,
    }: {
      readonly outbox: Outbox
      readonly ledger: Ledger
      readonly marks: Pick<Marks, 'question' | 'reply'>
      readonly pace: Pace
    },
    host: RepliesHost,
  ) {
    this.#outbox = outbox
    this.#ledger = ledger
    this.#marks = marks
    this.#pace = pace
    this.#host = host
  }

  /** Whether so many questions wait that reading has to. */
  get full(): boolean {
    return this.#full
  }

  /** The protocol version is known. */
  start(protocolVersion: number): void {
    this.#posting = { account: 'reply', protocolVersion }
  }

  /**
   * Takes an answer behind those before it.
   * @param question - tells what the question keeps alive while it waits, bytes
   * @throws WireError for an answer that has to wait and cannot be encoded
   */
  add(by: string, answer: Answer, question: { readonly inHand: number }): void {
    if (this.#closed) return
    if (isMessage(answer) && this.#waiting.length === 0 && this.#hasRoom) {
      this.#post(by, answer)
      return
    }
    // Made first: what throws here leaves no trace.
    const made = isMessage(answer) ? answer : answer[Symbol.iterator]()
    const cost = question.inHand + this.#costOf(answer)
    this.#ledger.charge('question', cost)
    this.#waiting.push({ by, answer: made, cost })
    this.pull()
    this.#weigh()
  }

  /** Makes answers while there is room, and as many as there is time for in this turn. */
  pull(): void {
    // A transport may take a message at the call, which asks for the next one.
    if (this.#pulling || this.#resting || this.#waiting.length === 0) return
    this.#pulling = true
    this.#pace.begin()
    try {
      while (!this.#closed && this.#hasRoom) {
        const next = this.#waiting.first
        if (next === undefined) break
        if (this.#pace.spent) {
          this.#rest()
          break
        }
        const message = this.#next(next)
        if (message !== undefined && !this.#post(next.by, message)) this.#giveUp(next)
        this.#pace.step()
      }
    } finally {
      this.#pace.end()
      this.#pulling = false
    }
    this.#weigh()
  }

  /** Forgets what waits; iterables hear of it. */
  close(): void {
    this.#closed = true
    for (let waiting = this.#waiting.shift(); waiting; waiting = this.#waiting.shift()) {
      this.#ledger.refund('question', waiting.cost)
      if (!isIterator(waiting.answer)) continue
      const { answer } = waiting
      attempt(() => answer.return?.())
    }
  }

  #rest(): void {
    this.#resting = true
    this.#pace.later(() => {
      this.#resting = false
      this.pull()
    })
  }

  #costOf(answer: Answer): number {
    if (!isMessage(answer)) return ITERATOR_COST
    return readsBytes(answer) ? this.#outbox.weigh(answer, this.#posting) : ANSWER_COST
  }

  get #hasRoom(): boolean {
    return this.#ledger.of('reply') < this.#marks.reply
  }

  #weigh(): void {
    if (this.#closed) return
    const waiting = this.#ledger.of('question')
    const full = waiting > (this.#full ? this.#marks.question / 2 : this.#marks.question)
    if (full === this.#full) return
    this.#full = full
    this.#host.pressed()
  }

  /** The next message of a question; `undefined` where there was none, and the question is done. */
  #next({ by, answer, cost }: Waiting): Message | undefined {
    if (!isIterator(answer)) {
      this.#done(cost)
      return answer
    }
    try {
      const { done, value } = answer.next()
      if (done !== true) return value
    } catch (error) {
      this.#done(cost)
      this.#host.misspoke(by, error)
      return undefined
    }
    this.#done(cost)
    return undefined
  }

  #done(cost: number): void {
    // Closed meanwhile, all was given back.
    if (this.#closed) return
    this.#waiting.shift()
    this.#ledger.refund('question', cost)
  }

  /** Whether it could be sent. */
  #post(by: string, message: Message): boolean {
    try {
      this.#outbox.post(message, this.#posting)
      return true
    } catch (error) {
      this.#host.misspoke(by, error)
      return false
    }
  }

  /** What cannot be sent ends the peer, perhaps not at once: who says it is not asked again. */
  #giveUp({ answer, cost }: Waiting): void {
    if (this.#closed || !isIterator(answer)) return
    this.#done(cost)
    attempt(() => answer.return?.())
  }
}
