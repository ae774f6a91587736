import { RXPEER_VERSION } from '../peer/own-version.js'
import { parseArguments } from './arguments.js'
import { helpText } from './help.js'
import { Output } from './output.js'
import type { ExitCode, Surroundings } from './surroundings.js'

/** Runs `rxpeer` with its arguments. Nothing is left behind that would keep the process alive. */
export async function run(args: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
  const output = new Output(surroundings.stdout, surroundings.stderr)
  const request = parseArguments(args)
  switch (request.kind) {
    case 'help':
      output.line(helpText(request.command))
      return 0
    case 'version':
      output.line(RXPEER_VERSION)
      return 0
    case 'usage':
      output.complain(`${request.message} (rxpeer --help tells more)`)
      return 2
    case 'run': {
      // Only now: to load what runs takes far longer than to read arguments.
      const [{ perform }, job] = await Promise.all([import('./perform.js'), request.load()])
      return perform(request, job, output, surroundings)
    }
  }
}
