/** A whole number in digits, between two bounds that are themselves allowed; `undefined` for anything else. */
export function readWhole(text: string, lowest: number, highest: number): number | undefined {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
  return value >= lowest && value <= highest ? value : undefined
}
