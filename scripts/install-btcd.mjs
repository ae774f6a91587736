// Builds btcd, the reference that some tests talk to, with the Go toolchain of the machine and prints where it is.
// Built once: it stays in node_modules/.cache. Takes about 90 s of processor time, and 15 MB from Go's module proxy.
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const VERSION = 'v0.26.2'
/** ms; beyond that the tests go without. */
const PATIENCE = 360_000

const cache = fileURLToPath(new URL('../node_modules/.cache/btcd', import.meta.url))
const binary = join(cache, VERSION, 'btcd')

if (!existsSync(binary)) {
  mkdirSync(dirname(binary), { recursive: true })
  const folder = mkdtempSync(join(cache, 'build-'))
  try {
    await promisify(execFile)(
      'go',
      ['install', '-trimpath', '-ldflags=-s -w', `github.com/btcsuite/btcd@${VERSION}`],
      {
        timeout: PATIENCE,
        // No C compiler is needed, and no other toolchain is downloaded.
        env: { ...process.env, GOBIN: folder, CGO_ENABLED: '0', GOTOOLCHAIN: 'local' },
      },
    )
    renameSync(join(folder, 'btcd'), binary)
  } catch (error) {
    console.error(
      error.code === 'ENOENT' ? 'there is no Go toolchain' : (error.stderr || error.message).trim(),
    )
    process.exitCode = 1
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
if (existsSync(binary)) console.log(binary)
