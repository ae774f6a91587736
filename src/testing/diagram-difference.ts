import { render } from './render.js'

/** An event of an observable, as RxJS's TestScheduler records it. */
interface RecordedEvent {
  readonly frame: number
  readonly notification: {
    readonly kind: 'N' | 'E' | 'C'
    readonly value?: unknown
    readonly error?: unknown
  }
}

interface RecordedSubscription {
  readonly subscribedFrame: number
  readonly unsubscribedFrame: number
}

/** What happened, and when, ms. */
interface Line {
  /** `undefined` for subscriptions, which have two times. */
  readonly frame: number | undefined
  readonly what: string
  readonly subscription?: RecordedSubscription | undefined
}

/** Characters of a value that a failure shows. */
const MAX_VALUE = 160
/** Lines around the first difference that a failure shows. */
const MAX_LINES = 6

function isEvent(item: unknown): item is RecordedEvent {
  return typeof item === 'object' && item !== null && 'notification' in item
}

function isSubscription(item: unknown): item is RecordedSubscription {
  return typeof item === 'object' && item !== null && 'subscribedFrame' in item
}

function lineOf(item: unknown): Line {
  if (isEvent(item)) {
    const { kind, value, error } = item.notification
    const what = kind === 'N' ? render(value) : kind === 'E' ? `error ${render(error)}` : 'complete'
    return { frame: item.frame, what }
  }
  if (isSubscription(item)) {
    const { subscribedFrame, unsubscribedFrame } = item
    const end = unsubscribedFrame === Number.POSITIVE_INFINITY ? 'never' : `at ${unsubscribedFrame} ms`
    const what = `subscribed at ${subscribedFrame} ms, unsubscribed ${end}`
    return { frame: undefined, what, subscription: item }
  }
  return { frame: undefined, what: render(item) }
}

function linesOf(items: unknown): Line[] {
  return Array.isArray(items) ? items.map(lineOf) : [lineOf(items)]
}

const same = (a: Line | undefined, b: Line | undefined): boolean =>
  a?.frame === b?.frame && a?.what === b?.what

/** Long texts around the place where they begin to differ. */
function clip(text: string, other: string): string {
  if (text.length <= MAX_VALUE) return text
  let at = 0
  while (at < text.length && text[at] === other[at]) at += 1
  const start = at < MAX_VALUE - 20 ? 0 : at - MAX_VALUE / 2
  const end = start + MAX_VALUE
  return `${start > 0 ? '…' : ''}${text.slice(start, end)}${end < text.length ? '…' : ''}`
}

function show(lines: readonly Line[], others: readonly Line[], differs: number): string {
  if (lines.length === 0) return '    (nothing)'
  const first = Math.max(0, differs - MAX_LINES)
  const last = Math.min(lines.length, differs + MAX_LINES + 1)
  const shown = lines.slice(first, last).map(({ frame, what }, i) => {
    const at = first + i
    const time = frame === undefined ? '' : `${String(frame).padStart(8)} ms  `
    return `${at === differs ? '  > ' : '    '}${time}${clip(what, others[at]?.what ?? '')}`
  })
  if (first > 0) shown.unshift(`    … ${first} before`)
  if (last < lines.length) shown.push(`    … ${lines.length - last} more`)
  return shown.join('\n')
}

/** The lines of both sides, from the first difference on; the one before it is on both. */
interface Rest {
  readonly seen: readonly Line[]
  readonly wanted: readonly Line[]
  readonly before: Line | undefined
}

const lateOrEarly = (ms: number): string => `${Math.abs(ms)} ms ${ms > 0 ? 'late' : 'early'}`

const inLater = (line: Line, [, ...later]: readonly Line[]): boolean => later.some(other => same(other, line))

/** Two subscriptions that are meant to be the same one. */
function explainTimes(seen: RecordedSubscription, wanted: RecordedSubscription): string {
  const begin = seen.subscribedFrame - wanted.subscribedFrame
  if (begin !== 0) return `the marked subscription begins ${lateOrEarly(begin)}`
  if (seen.unsubscribedFrame === Number.POSITIVE_INFINITY) return 'the marked subscription never ends'
  if (wanted.unsubscribedFrame === Number.POSITIVE_INFINITY) return 'the marked subscription should never end'
  return `the marked subscription ends ${lateOrEarly(seen.unsubscribedFrame - wanted.unsubscribedFrame)}`
}

function missing({ frame, what }: Line): string {
  return frame === undefined
    ? `a subscription is missing: ${what}`
    : `the event expected at ${frame} ms is missing`
}

function tooMuch({ frame, what }: Line): string {
  return frame === undefined
    ? `a subscription was not expected: ${what}`
    : `the event seen at ${frame} ms was not expected`
}

/** The first difference in words. */
function explain({ seen, wanted, before }: Rest): string {
  const [came] = seen
  const [due] = wanted
  const nothingAt = ({ frame }: Line) => (frame === before?.frame ? 'nothing more' : 'nothing')
  if (came === undefined) {
    if (due === undefined) return ''
    return due.frame === undefined ? missing(due) : `${nothingAt(due)} came at ${due.frame} ms`
  }
  if (due === undefined) {
    return came.frame === undefined ? tooMuch(came) : `${nothingAt(came)} was expected at ${came.frame} ms`
  }
  const late = (came.frame ?? 0) - (due.frame ?? 0)
  const moved = came.what === due.what && late !== 0 ? `the marked event is ${lateOrEarly(late)}` : undefined
  // Of events that are all alike, as those of a timer are, each late one looks like the one behind it.
  if (moved !== undefined && seen.length === wanted.length) return moved
  const comesLater = inLater(due, seen)
  const dueLater = inLater(came, wanted)
  if (comesLater && dueLater) return 'the marked events come in another order'
  if (dueLater) return missing(due)
  if (comesLater) return tooMuch(came)
  if (moved !== undefined) return moved
  if (came.subscription && due.subscription) return explainTimes(came.subscription, due.subscription)
  if (late === 0) return `something else was expected at ${due.frame} ms`
  return late > 0 ? missing(due) : tooMuch(came)
}

/**
 * What does not fit between what was seen and what a diagram says: both sides, one event a line, the first difference
 * marked, and told in a sentence. `undefined` where everything fits.
 */
export function difference(actual: unknown, expected: unknown): string | undefined {
  const [seen, wanted] = [linesOf(actual), linesOf(expected)]
  const count = Math.max(seen.length, wanted.length)
  let at = 0
  while (at < count && same(seen[at], wanted[at])) at += 1
  if (at === count) return undefined
  const sides = `  expected\n${show(wanted, seen, at)}\n  seen\n${show(seen, wanted, at)}`
  return `${sides}\n  ${explain({ seen: seen.slice(at), wanted: wanted.slice(at), before: seen[at - 1] })}`
}
