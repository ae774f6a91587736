import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe } from 'vitest'

const folder =
  process.env['RXPEER_VECTORS'] ?? fileURLToPath(new URL('../../../shared/vectors', import.meta.url))

const present = existsSync(folder)
if (!present)
  console.warn(`SKIPPED: the vector tests need the folder of vectors (${folder}); set RXPEER_VECTORS`)

/** A suite over the shared vectors; skipped, and said so, where the folder is absent. */
export const describeVectors: typeof describe.skip = present ? describe : describe.skip

/** The bytes of a vector file. */
export function vectorBytes(path: string): Uint8Array {
  return new Uint8Array(readFileSync(`${folder}/${path}`))
}

/** The text of a vector file; empty where the folder is absent, so that suites can still be collected. */
export function vectorText(path: string): string {
  return present ? readFileSync(`${folder}/${path}`, 'utf8') : ''
}

/** A JSON vector file; `absent` where the folder is. The caller names the shape that the file's README states. */
export function vectorJson<T>(path: string, absent: T): T {
  return present ? (JSON.parse(vectorText(path)) as T) : absent
}
