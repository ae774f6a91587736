// The few names of packages without types, or whose types a plain clone does not have, that the contestants use.

declare module 'bcoin/lib/primitives/tx.js' {
  interface Input {
    readonly prevout: { readonly hash: string; readonly index: number }
    readonly script: { readonly raw: Uint8Array }
    readonly sequence: number
    readonly witness: { readonly items: readonly Uint8Array[] }
  }
  interface Output {
    readonly value: number
    readonly script: { readonly raw: Uint8Array }
  }
  export default class TX {
    static fromRaw(bytes: Uint8Array): TX
    readonly version: number
    readonly locktime: number
    readonly inputs: readonly Input[]
    readonly outputs: readonly Output[]
    refresh(): void
    hash(): Uint8Array
    toRaw(): Uint8Array
  }
}

declare module 'bcoin/lib/primitives/block.js' {
  import type TX from 'bcoin/lib/primitives/tx.js'
  export default class Block {
    static fromRaw(bytes: Uint8Array): Block
    readonly txs: readonly TX[]
    readonly merkleRoot: string
    refresh(all: boolean): void
    toRaw(): Uint8Array
    createMerkleRoot(encoding: 'hex'): string | null
    createCommitmentHash(encoding: 'hex'): string | null
    getCommitmentHash(encoding: 'hex'): string | null
  }
}

declare module 'bcoin/lib/net/packets.js' {
  import type Block from 'bcoin/lib/primitives/block.js'
  import type TX from 'bcoin/lib/primitives/tx.js'
  export interface Packet {
    readonly cmd: string
    readonly tx?: TX
    readonly block?: Block
    witness?: boolean
    toRaw(): Uint8Array
  }
  interface Header {
    readonly version: number
    readonly prevBlock: string
    readonly merkleRoot: string
    readonly time: number
    readonly bits: number
    readonly nonce: number
    hash(): Uint8Array
  }
  interface Item {
    readonly type: number
    readonly hash: string
  }
  interface Packets {
    readonly HeadersPacket: { fromRaw(bytes: Uint8Array): Packet & { readonly items: readonly Header[] } }
    readonly InvPacket: { fromRaw(bytes: Uint8Array): Packet & { readonly items: readonly Item[] } }
    readonly BlockPacket: new (block: Block, witness: boolean) => Packet
    readonly TXPacket: new (tx: TX, witness: boolean) => Packet
  }
  const packets: Packets
  export default packets
}

declare module 'bcoin/lib/net/parser.js' {
  import type { Packet } from 'bcoin/lib/net/packets.js'
  export default class Parser {
    constructor(network: 'main')
    on(event: 'packet', listener: (packet: Packet) => void): void
    on(event: 'error', listener: (error: Error) => void): void
    feed(bytes: Uint8Array): void
  }
}

declare module 'bcoin/lib/net/framer.js' {
  export default class Framer {
    constructor(network: 'main')
    packet(command: string, payload: Uint8Array): Uint8Array
  }
}

declare module 'bcoin/lib/net/peer.js' {
  import type { EventEmitter } from 'node:events'
  import type { Packet } from 'bcoin/lib/net/packets.js'

  interface PeerOptions {
    readonly network: 'main' | 'regtest'
  }
  export default class Peer {
    static fromOptions(options: PeerOptions): Peer
    accept(socket: EventEmitter): void
    connect(address: object): void
    on(event: 'packet', listener: (packet: Packet) => void): void
    on(event: 'error', listener: (error: Error) => void): void
    open(): Promise<void>
    destroy(): void
  }
}

declare module 'bcoin/lib/net/netaddress.js' {
  const NetAddress: { fromHost(host: string, port: number, network: 'regtest'): object }
  export default NetAddress
}

declare module '@scure/btc-signer' {
  interface ParseOptions {
    readonly allowUnknownInputs: true
    readonly allowUnknownOutputs: true
    readonly allowLegacyWitnessUtxo: true
    readonly disableScriptCheck: true
  }
  export class Transaction {
    static fromRaw(bytes: Uint8Array, options: ParseOptions): Transaction
    /** Display order, in hex. */
    readonly id: string
  }
}

declare module 'bitcore-lib' {
  interface Transaction {
    /** Display order, in hex. */
    readonly id: string
  }
  interface Block {
    readonly transactions: readonly Transaction[]
    toBuffer(): Uint8Array
  }
  const bitcore: {
    readonly Block: { fromBuffer(bytes: Uint8Array): Block }
    readonly Transaction: new (bytes: Uint8Array) => Transaction
  }
  export default bitcore
}
