import { mergeMap, type OperatorFunction } from 'rxjs'
import { Deframer, type Frame } from '../../src/wire/deframer.js'

/** Cuts a byte stream into v1 frames, for tests that look at frames without a peer. */
export function frames(magic: Uint8Array): OperatorFunction<Uint8Array, Frame> {
  const deframer = new Deframer(magic)
  return mergeMap(function* (chunk) {
    deframer.push(chunk)
    for (let frame = deframer.next(); frame !== undefined; frame = deframer.next()) yield frame
  })
}
