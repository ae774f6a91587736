/** What it costs to start: processor time of processes that do nothing else, milliseconds. */
import { createRequire } from 'node:module'
import { programCost } from '../program-cost.js'
import type { Tasks } from '../serve.js'

/** Where the build is that is measured; put in when the contestant is built. */
declare const RXPEER_DIST: string

const importing = (path: string) =>
  programCost('--input-type=module', '--eval', `await import(${JSON.stringify(path)})`)

export const starting: Tasks = {
  import: () => {
    const rxjs = createRequire(`${RXPEER_DIST}/index.js`).resolve('rxjs')
    return {
      gauge: async () => {
        const alone = await importing(rxjs)
        return (await importing(`${RXPEER_DIST}/index.js`)) - alone
      },
    }
  },
  'cli-version': () => ({ gauge: () => programCost(`${RXPEER_DIST}/cli/main.js`, '--version') }),
}
