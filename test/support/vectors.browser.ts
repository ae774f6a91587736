import files from 'virtual:vectors'
import { describe } from 'vitest'

// Stands in for vectors.ts where tests run in a browser, which has no file system: the same names, and the files come
// with a module. vitest.config.ts says that they are missing, once and not in every test file.

/** A suite over the shared vectors; skipped where the folder is absent. */
export const describeVectors: typeof describe.skip = files === undefined ? describe.skip : describe

/** The bytes of a vector file. */
export function vectorBytes(path: string): Uint8Array {
  const base64 = files?.[path]
  if (base64 === undefined) throw new Error(`no vector file ${path}`)
  return Uint8Array.from(atob(base64), character => character.charCodeAt(0))
}

/** The text of a vector file; empty where the folder is absent, so that suites can still be collected. */
export function vectorText(path: string): string {
  return files === undefined ? '' : new TextDecoder().decode(vectorBytes(path))
}

/** A JSON vector file; `absent` where the folder is. The caller names the shape that the file's README states. */
export function vectorJson<T>(path: string, absent: T): T {
  return files === undefined ? absent : (JSON.parse(vectorText(path)) as T)
}
