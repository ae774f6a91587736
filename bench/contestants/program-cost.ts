import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)
const count = 'const { user, system } = process.cpuUsage(); process.stderr.write(String(user + system))'
const atExit = `data:text/javascript,process.on("exit", () => { ${count} })`

/** Processor time of a program of Node from its start to its end, milliseconds. */
export async function programCost(...program: readonly string[]): Promise<number> {
  const { stderr } = await run(process.execPath, ['--import', atExit, ...program])
  return Number(stderr) / 1_000
}
