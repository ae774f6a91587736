import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

/** Lets go of all that nobody holds. What a weak reference was asked for in a job stays until its end. */
export async function collected(): Promise<void> {
  await new Promise(resolve => setImmediate(resolve))
  // Some buffers go only a round after the objects that held them.
  collectGarbage()
  collectGarbage()
}
