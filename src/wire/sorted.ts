/** The place of the first of `count` ascending values that is at least `value`; their number where none is. */
export function firstAtLeast(
  ascending: Float64Array,
  value: number,
  count: number = ascending.length,
): number {
  let from = 0
  let to = count
  while (from < to) {
    const middle = (from + to) >>> 1
    if (ascending[middle]! < value) from = middle + 1
    else to = middle
  }
  return from
}
