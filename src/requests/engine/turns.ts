import type { Channel, Question, Take } from '../../peer/channel.js'
import { channelOf } from '../../peer/face.js'
import type { Peer } from '../../peer/peer.js'
import type { Hash } from '../../wire/hash.js'
import { equalBytes } from '../../wire/hex.js'
import { MAX_ANNOUNCED_HEADERS } from '../../wire/limits.js'
import type { HeadersMessage } from '../../wire/messages/headers.js'
import type { Message } from '../../wire/messages.js'
import { Fences } from './fences.js'

/** Who asks for headers. */
export interface Asker {
  /** What it makes of headers that come in its turn. */
  take(message: HeadersMessage): Take
  /** The remote has answered what was asked behind it. */
  passedOver(): void
}

/** What lies between the fence of one question and that of the next. */
interface Turn {
  /** `undefined` where nobody waits any more. */
  asker: Asker | undefined
  /** Answers that are still to come, as far as can be known. */
  owed: number
  /** Whether its fence is passed, or it has none. */
  open: boolean
  forget: (() => void) | undefined
}

/** Whether headers may be an announcement (BIP130): none or more of them are the answer to a question. */
export function mayAnnounce({ headers }: HeadersMessage): boolean {
  return headers.length > 0 && headers.length <= MAX_ANNOUNCED_HEADERS
}

/**
 * Questions for headers, whose answers cannot be told from each other, and may still come when nobody waits for them
 * any more. Each has its turn: a ping goes out before it where something else may still be answered, and what comes
 * behind the pong is its own.
 */
export class Turns implements Question {
  static readonly #all = new WeakMap<Channel, Turns>()

  /** Those of a peer. */
  static of(peer: Peer): Turns {
    const channel = channelOf(peer)
    const turns = Turns.#all.get(channel) ?? new Turns(channel, Fences.of(peer))
    Turns.#all.set(channel, turns)
    return turns
  }

  readonly #channel: Channel
  readonly #fences: Fences | undefined
  /** In the order in which they were asked. */
  #turns: readonly Turn[] = []
  #release: (() => void) | undefined
  /** The last header that users have seen or are about to see. */
  #told: Hash | undefined

  private constructor(channel: Channel, fences: Fences | undefined) {
    this.#channel = channel
    this.#fences = fences
  }

  /** To be called before each asking. Asked again, the first answer is as good as the second. */
  begin(asker: Asker): void {
    const last = this.#turns.at(-1)
    if (last?.asker === asker) {
      last.owed += 1
      return
    }
    this.leave(asker)
    const turn: Turn = { asker, owed: 1, open: this.#turns.length === 0 || !this.#fences, forget: undefined }
    this.#turns = [...this.#turns, turn]
    this.#release ??= this.#channel.ask(this)
    if (!turn.open) turn.forget = this.#fences?.raise(() => this.#open(turn))
  }

  /** The answer has come, or what may be one. */
  answered(asker: Asker, message: HeadersMessage): void {
    const turn = this.#turns.find(each => each.asker === asker)
    if (turn === undefined) return
    turn.asker = undefined
    turn.owed -= 1
    // So few may have been an announcement: then the answer comes still, and could be taken for that of the next.
    this.#tidy(turn.owed === 0 && !mayAnnounce(message) ? turn : undefined)
  }

  /** Nobody waits any more. What is on its way is kept from users, who have not asked for it. */
  leave(asker: Asker): void {
    const turn = this.#turns.find(each => each.asker === asker)
    if (turn === undefined) return
    turn.asker = undefined
    this.#tidy()
  }

  take(message: Message): Take {
    if (message.command !== 'headers') return 'passed'
    const open = this.#turns.filter(turn => turn.open)
    const takes = open.map(turn => turn.asker?.take(message) ?? this.#takeForNobody(turn, message))
    const take = takes.find(each => each === 'claimed') ?? takes.find(each => each === 'shared') ?? 'passed'
    return take === 'shared' && !this.#isNews(message) ? 'claimed' : take
  }

  ended(): void {
    this.#turns = []
    this.#tidy()
  }

  /**
   * Whether users have not been told of these headers just before. The same answer again and again, as from a remote
   * that is on another branch, would else be taken for an announcement each time, and be asked about again.
   */
  #isNews({ headers }: HeadersMessage): boolean {
    const last = headers.at(-1)?.hash
    if (last === undefined || (this.#told && equalBytes(this.#told, last))) return false
    this.#told = last.slice()
    return true
  }

  #takeForNobody(turn: Turn, message: HeadersMessage): Take {
    if (turn.owed === 0) return 'passed'
    turn.owed -= 1
    const take = mayAnnounce(message) ? 'shared' : 'claimed'
    this.#tidy(turn.owed === 0 && take === 'claimed' ? turn : undefined)
    return take
  }

  /** Its fence is passed: what was asked before it is answered, or will not be. */
  #open(turn: Turn): void {
    const place = this.#turns.indexOf(turn)
    if (place < 0) return
    const before = this.#turns.slice(0, place)
    turn.open = true
    this.#turns = this.#turns.slice(place)
    this.#tidy()
    for (const { asker, forget } of before) {
      forget?.()
      asker?.passedOver()
    }
  }

  /** Makes one turn of neighbours in which nobody waits, so that there are never many more than there are askers. */
  #tidy(done?: Turn): void {
    const tidied: Turn[] = []
    for (const turn of this.#turns) {
      const before = tidied.at(-1)
      // Without pongs a turn has no end, and there is none to keep apart from the next.
      if (turn === done || (turn.asker === undefined && turn.owed === 0 && !this.#fences)) turn.forget?.()
      else if (turn.asker === undefined && before !== undefined && before.asker === undefined) {
        before.owed += turn.owed
        turn.forget?.()
      } else tidied.push(turn)
    }
    this.#turns = tidied
    if (tidied.length > 0) return
    this.#release?.()
    this.#release = undefined
  }
}
