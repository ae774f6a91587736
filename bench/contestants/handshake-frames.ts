import { encodeFrame, encodeMessage, type Message, mainnet, type Network, wireName } from 'rxpeer/wire'

const version: Message = {
  command: 'version',
  protocolVersion: 70016,
  services: 9n,
  timestamp: 1_700_000_000n,
  receiver: { services: 0n, networkId: 2, address: new Uint8Array(16), port: 0 },
  sender: { services: 0n, networkId: 2, address: new Uint8Array(16), port: 0 },
  nonce: 99n,
  userAgent: '/remote:1.0.0/',
  startHeight: 0,
  relay: true,
}

/** A message in its frame. */
export const frameOf = (message: Message, { magic }: Network = mainnet): Uint8Array =>
  encodeFrame(magic, wireName(message), encodeMessage(message))

/** What a remote sends to open the conversation. */
export const handshakeFrames = (network: Network): readonly Uint8Array[] =>
  [version, { command: 'wtxidrelay' } as const, { command: 'verack' } as const].map(message =>
    frameOf(message, network),
  )
