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
  readonly frame: number | undefined
  readonly what: string
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
    return { frame: undefined, what: `subscribed at ${subscribedFrame} ms, unsubscribed ${end}` }
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

const span = (ms: number) => `${ms} ms`

/** The first difference in words, where words help. */
function explain(seen: Line | undefined, wanted: Line | undefined): string {
  if (wanted === undefined) return `\n  nothing was expected at ${span(seen?.frame ?? 0)}`
  if (seen === undefined)
    return wanted.frame === undefined ? '' : `\n  nothing came for ${span(wanted.frame)}`
  if (seen.what !== wanted.what || seen.frame === undefined || wanted.frame === undefined) return ''
  const late = seen.frame - wanted.frame
  return `\n  the marked event is ${span(Math.abs(late))} ${late > 0 ? 'late' : 'early'}`
}

/**
 * What does not fit between what was seen and what a diagram says: both sides, one event a line, the first difference
 * marked and, where that is all, by how much it is late. `undefined` where everything fits.
 */
export function difference(actual: unknown, expected: unknown): string | undefined {
  const [seen, wanted] = [linesOf(actual), linesOf(expected)]
  const count = Math.max(seen.length, wanted.length)
  let at = 0
  while (at < count && same(seen[at], wanted[at])) at += 1
  if (at === count) return undefined
  const sides = `  expected\n${show(wanted, seen, at)}\n  seen\n${show(seen, wanted, at)}`
  return `${sides}${explain(seen[at], wanted[at])}`
}
