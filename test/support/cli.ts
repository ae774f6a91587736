import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

/** How a run of the command has ended. */
export interface Finished {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** Whole lines of stdout. */
  readonly lines: readonly string[]
  readonly stderr: string
}

/** A running `rxpeer`. */
export interface Run {
  readonly child: ChildProcessWithoutNullStreams
  readonly finished: Promise<Finished>
  /** The first line of stdout, from now or before, that contains `text`; rejects when the command ends without. */
  line(text: string): Promise<string>
}

/** Starts the real command, as it was built. */
export function rxpeer(...args: readonly string[]): Run {
  if (!existsSync(main)) throw new Error('dist/cli/main.js is missing: npm run build')
  const { NO_COLOR: _, ...env } = process.env
  const child = spawn(process.execPath, [main, ...args], { env })
  let stdout = ''
  let stderr = ''
  let ended = false
  const waiting = new Set<() => void>()
  const look = () => {
    for (const check of [...waiting]) check()
  }
  const whole = () => stdout.split('\n').slice(0, -1)
  child.stdout.setEncoding('utf8').on('data', chunk => {
    stdout += chunk
    look()
  })
  child.stderr.setEncoding('utf8').on('data', chunk => {
    stderr += chunk
  })
  const finished = new Promise<Finished>(resolve => {
    child.on('close', (code, signal) => {
      ended = true
      look()
      resolve({ code, signal, lines: whole(), stderr })
    })
  })
  const line = (text: string) =>
    new Promise<string>((resolve, reject) => {
      const check = () => {
        const found = whole().find(each => each.includes(text))
        if (found === undefined && !ended) return
        waiting.delete(check)
        if (found === undefined) reject(new Error(`ended without "${text}":\n${stdout}${stderr}`))
        else resolve(found)
      }
      waiting.add(check)
      check()
    })
  return { child, finished, line }
}

/** A JSON object, with its fields still to be looked at. */
export type Json = { readonly [key: string]: unknown }

/** Every line as the object that `--json` promises; a line that is none fails the test. */
export function objects(lines: readonly string[]): Json[] {
  return lines.map(line => {
    const value: unknown = JSON.parse(line)
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw new Error(`no object: ${line}`)
    return { ...value }
  })
}
