import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { arch, availableParallelism, cpus } from 'node:os'

function firstLine(command: string, ...args: string[]): string | undefined {
  const { status, stdout } = spawnSync(command, args, { encoding: 'utf8' })
  return status === 0 ? stdout.split('\n')[0]?.trim() : undefined
}

/** Whether the processor has instructions for SHA-256; `undefined` where it cannot be told. */
function hasShaInstructions(): boolean | undefined {
  try {
    return /\b(sha_ni|sha2)\b/.test(readFileSync('/proc/cpuinfo', 'utf8'))
  } catch {
    return undefined
  }
}

/** The facts that ratios depend on, in one line. */
export function machine(): string {
  const sha = hasShaInstructions()
  return [
    `${cpus()[0]?.model.trim() ?? arch()}, ${availableParallelism()} cores`,
    sha === undefined ? 'SHA instructions unknown' : sha ? 'with SHA-NI' : 'without SHA instructions',
    `Node ${process.versions.node}`,
    firstLine('go', 'version')?.replace(/^go version go(\S+).*/, 'Go $1') ?? 'no Go',
    firstLine('rustc', '--version')?.replace(/^rustc (\S+).*/, 'Rust $1') ?? 'no Rust',
  ].join(', ')
}
