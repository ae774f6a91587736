import { MAX_DELAY } from '../stream/environment.js'

/** @throws TypeError unless the value is above 0; Infinity is */
export function positive(name: string, value: number): number {
  if (!(value > 0)) throw new TypeError(`${name} must be above 0, not ${value}`)
  return value
}

/** @throws TypeError unless the value is above 0 and a timer can wait that long, ms */
export function duration(name: string, value: number): number {
  if (value > MAX_DELAY) throw new TypeError(`${name} must be at most ${MAX_DELAY} ms, not ${value}`)
  return positive(name, value)
}

/** @throws TypeError unless the value counts something: 0, 1, 2 … or Infinity */
export function count(name: string, value: number): number {
  if (!(value >= 0 && (Number.isInteger(value) || value === Number.POSITIVE_INFINITY))) {
    throw new TypeError(`${name} must be 0, 1, 2 …, not ${value}`)
  }
  return value
}
