import { BlockFilter } from 'rxpeer/wire'
import { split } from '../parts.js'
import type { Tasks } from '../serve.js'

/** For each query of so many scripts, whether the filter may have one of them. */
function matches([hash, filter, ...scripts]: readonly Uint8Array[], each: number): number[] {
  const answers: number[] = []
  for (let at = 0; at < scripts.length; at += each) {
    const query = scripts.slice(at, at + each)
    answers.push(BlockFilter.decode(hash!, filter!).matchAny(query) ? 1 : 0)
  }
  return answers
}

export const filters: Tasks = {
  'filter-match': (input, each) => {
    const parts = split(input)
    return {
      run: () => matches(parts, each).reduce((sum, answer) => sum + answer, 0),
      digest: () => [Uint8Array.from(matches(parts, each))],
    }
  },
}
