/** What it costs to start: processor time of processes that do nothing else, milliseconds. */
import { programCost } from '../program-cost.js'
import type { Tasks } from '../serve.js'

/** Where the build is that is measured; put in when the contestant is built. */
declare const RXPEER_BUILD: { readonly index: string; readonly rxjs: string; readonly cli: string }

const importing = (path: string) =>
  programCost('--input-type=module', '--eval', `await import(${JSON.stringify(path)})`)

export const starting: Tasks = {
  import: () => ({
    gauge: async () => {
      const alone = await importing(RXPEER_BUILD.rxjs)
      return (await importing(RXPEER_BUILD.index)) - alone
    },
  }),
  'cli-version': () => ({ gauge: () => programCost(RXPEER_BUILD.cli, '--version') }),
}
