import type { Observable } from 'rxjs'
import type { Frame } from '../wire/deframer.js'

/** How messages are packed on the way: plain frames, or encrypted packets (BIP324). */
export type LinkTransport = 'v1' | 'v2'

/** A message pipe over a connection: packing and unpacking, but no meaning yet. */
export interface Link {
  /** How this link packs. */
  readonly transport: LinkTransport
  /**
   * Inbound frames, in order. Completes where the remote ends between two frames; errors with a WireError where the
   * stream is beyond repair (`wrong-magic`, `oversized-frame`, `truncated-frame`), with a TransportError where the
   * connection breaks. One subscriber.
   */
  readonly frames$: Observable<Frame>
  /**
   * Packs and queues a payload. `written` is called, perhaps at once, when the transport has taken it, with its bytes
   * on the wire.
   */
  write(name: string, payload: Uint8Array, written: (size: number) => void): void
}
