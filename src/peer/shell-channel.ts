import type { SchedulerLike } from 'rxjs'
import type { Clock, Random } from '../stream/environment.js'
import type { Hash } from '../wire/hash.js'
import type { Message } from '../wire/messages.js'
import type { Network } from '../wire/network.js'
import type { Channel } from './channel.js'
import type { Question } from './questions.js'
import type { Share } from './share.js'
import type { Shell } from './shell.js'

/** The channel of a shell. */
export class ShellChannel implements Channel {
  readonly #shell: Shell

  constructor(shell: Shell) {
    this.#shell = shell
  }

  get scheduler(): SchedulerLike {
    return this.#shell.parts.environment.scheduler
  }

  get clock(): Clock {
    return this.#shell.parts.environment.clock
  }

  get random(): Random {
    return this.#shell.parts.environment.random
  }

  get network(): Network {
    return this.#shell.parts.options.network
  }

  get requestLimit(): number {
    return this.#shell.parts.marks.request
  }

  get congested(): boolean {
    return this.#shell.parts.lanes.congested
  }

  ask(question: Question): () => void {
    return this.#shell.parts.lanes.questions.ask(question)
  }

  send(message: Message): void {
    this.#shell.post(message)
  }

  charge(bytes: number): () => void {
    return this.#shell.parts.ledger.lend('request', bytes)
  }

  requested(): number {
    return this.#shell.parts.ledger.of('request')
  }

  feed(share: Share, give: () => void): void {
    this.#shell.parts.lanes.feed(share, give)
  }

  whenClear(go: () => void): () => void {
    return this.#shell.parts.lanes.whenClear(go)
  }

  updateLastBlock(height: number): void {
    this.#shell.parts.journal.remote.updateLastBlock(height)
  }

  updateLastAnnouncedBlock(hash: Hash): void {
    this.#shell.parts.journal.remote.updateLastAnnouncedBlock(hash)
  }
}
