import type { Observable, Observer, Unsubscribable } from 'rxjs'

/** The key under which a stream shows who its listeners are. */
export const listeners: unique symbol = Symbol('listeners')

/** Who listens: a subscriber of RxJS, or less than that. */
export type Listener<T> = Pick<Observer<T>, 'next' | 'complete'>

/** The listeners of a stream. */
export interface Listeners<T> {
  add(listener: Listener<T>): void
  remove(listener: Listener<T>): void
}

/** A stream that can be listened to without a subscription. It never errors. */
export interface Audible<T> {
  readonly [listeners]: Listeners<T>
}

function isAudible<T>(source: Observable<T>): source is Observable<T> & Audible<T> {
  return listeners in source
}

/** Listens to one stream for a habit. */
class Hearing<T> implements Observer<T>, Unsubscribable {
  /** `undefined` once it is unsubscribed: who ends in the middle of a value that others hear first does not hear it. */
  #look: ((value: T) => void) | undefined
  readonly #voice: Pick<Observer<unknown>, 'error'>
  readonly #source: Listeners<T> | Unsubscribable

  constructor(source: Observable<T>, look: (value: T) => void, voice: Pick<Observer<unknown>, 'error'>) {
    this.#look = look
    this.#voice = voice
    this.#source = isAudible(source) ? source[listeners] : source.subscribe(this)
    if (!('unsubscribe' in this.#source)) this.#source.add(this)
  }

  next(value: T): void {
    try {
      this.#look?.(value)
    } catch (error) {
      this.#voice.error(error)
    }
  }

  error(error: unknown): void {
    this.#voice.error(error)
  }

  complete(): void {}

  unsubscribe(): void {
    this.#look = undefined
    if ('unsubscribe' in this.#source) this.#source.unsubscribe()
    else this.#source.remove(this)
  }
}

/**
 * Looks at every value of a stream until what is returned is unsubscribed. What `look` throws, and an error of the stream,
 * is the habit's. Streams of a peer are heard without a subscription: one takes 0.6 KB, in seven objects and an array of 17
 * places, and a peer that is idle, as most are, has seven of them.
 */
export function hear<T>(
  source: Observable<T>,
  look: (value: T) => void,
  voice: Pick<Observer<unknown>, 'error'>,
): Unsubscribable {
  return new Hearing(source, look, voice)
}

/** The same with two streams. */
export function hearBoth<T>(
  one: Observable<T>,
  other: Observable<T>,
  look: (value: T) => void,
  voice: Pick<Observer<unknown>, 'error'>,
): Unsubscribable {
  return new Both(hear(one, look, voice), hear(other, look, voice))
}

class Both implements Unsubscribable {
  readonly #one: Unsubscribable
  readonly #other: Unsubscribable

  constructor(one: Unsubscribable, other: Unsubscribable) {
    this.#one = one
    this.#other = other
  }

  unsubscribe(): void {
    this.#one.unsubscribe()
    this.#other.unsubscribe()
  }
}
