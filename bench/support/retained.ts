import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const gc: () => void = runInNewContext('gc')

/** Bytes in use on and beside the heap; what is garbage is collected first. */
function inUse(): number {
  // Buffers are freed only some time after the objects that own them.
  for (let i = 0; i < 4; i += 1) gc()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** Bytes that each result of `use` keeps beside its input; the inputs are made before and kept all the time. */
export function retained<T, R>(count: number, make: () => T, use: (input: T) => R): number {
  use(make())
  const inputs = Array.from({ length: count }, make)
  const results: R[] = []
  const before = inUse()
  for (const input of inputs) results.push(use(input))
  const after = inUse()
  // Without a use after the measurement, both could have been collected before it.
  if (results.length !== inputs.length) throw new Error('a result is missing')
  return (after - before) / count
}
