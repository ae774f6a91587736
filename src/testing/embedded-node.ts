import { BehaviorSubject, map, mergeMap, Observable, of, tap } from 'rxjs'
import { acceptEach } from '../peer/accept-each.js'
import type { PeerError } from '../peer/close.js'
import { environment } from '../peer/defaults.js'
import { createNonces } from '../peer/nonces.js'
import type { PeerOptions } from '../peer/options.js'
import { RXPEER_VERSION } from '../peer/own-version.js'
import type { Peer } from '../peer/peer.js'
import type { Connection, Dial } from '../stream/connection.js'
import { randomNonce } from '../stream/environment.js'
import { memoryPair } from '../transport/memory.js'
import type { Block } from '../wire/block.js'
import type { BlockHeader } from '../wire/header.js'
import type { List } from '../wire/list.js'
import { type Network, regtest } from '../wire/network.js'
import { Services } from '../wire/services.js'
import type { Transaction } from '../wire/transaction.js'
import type { UserAgent } from '../wire/useragent.js'
import { type BlockFault, Chain } from './chain.js'
import { genesisBlock } from './genesis.js'
import { Ledger, type MineOptions, type SpendOptions } from './ledger.js'
import type { TransactionFault } from './mempool.js'
import { assertMineable } from './mining.js'
import { seededRandom } from './seeded-random.js'
import { serviceBehaviors } from './services.js'

/** How an embedded node is made. Every option has a default. */
export interface EmbeddedNodeOptions extends Pick<PeerOptions, 'scheduler' | 'clock' | 'random'> {
  /** Default: regtest. A network of one's own does as well, if its blocks are as easy to mine. */
  readonly network?: Network | undefined
  /** The first block. Default: built from `network.genesis`, which works where its coinbase is bitcoin's. */
  readonly genesis?: Block | undefined
  /** Blocks to start with, mined as if one came every ten minutes up to now. Default 110: ten coinbases and one can be spent. */
  readonly blocks?: number | undefined
  /** Default: `embedded-node` and rxpeer's version. */
  readonly userAgent?: UserAgent | undefined
  /** What the node offers. Default: `network` and `witness`. */
  readonly services?: bigint | undefined
  /**
   * Options of the node's side of every peer, over its own. What the node does for its peers are behaviors by name
   * (see {@link ServiceName}), so `false` makes a node that lacks one.
   * @example { behaviors: { serveHeaders: false } } // never answers getheaders
   */
  readonly peer?: PeerOptions | undefined
  /** Told of every peer that ends by an error. Default: nobody is told. */
  readonly failed?: ((error: PeerError) => void) | undefined
}

/**
 * A node inside of the process: a chain with real work, a mempool, and peers. It looks at everything of blocks and
 * transactions but scripts and signatures.
 */
export interface EmbeddedNode {
  /** Which network its blocks and peers are of. */
  readonly network: Network
  /** Height of the last block; the first block has 0. */
  readonly height: number
  /** Header of the last block. */
  readonly tip: BlockHeader
  /** All blocks by height, the first one included; grows with the chain. */
  readonly blocks: List<Block>
  /** The transactions that wait for a block, in the order they came. */
  readonly mempool: readonly Transaction[]
  /**
   * The peers that shook hands and are not closed. The two ends of a connection get there one after the other: where
   * an announcement must not be missed, wait until the client is in here (`peers$`).
   */
  readonly peers: readonly Peer[]
  /** Each new block. Hot, never completes. The mempool has lost what the block contains by then. */
  readonly blocks$: Observable<Block>
  /** Each transaction that enters the mempool. Hot, never completes. */
  readonly transactions$: Observable<Transaction>
  /** `peers` now and whenever it changes; never completes. */
  readonly peers$: Observable<readonly Peer[]>
  /**
   * Mines blocks, the first of them with the mempool in it, and announces them together: by headers to peers that sent
   * sendheaders, else by inv.
   * @param count - how many, default 1
   * @returns the new blocks, lowest first
   */
  mine(count?: number, options?: MineOptions): readonly Block[]
  /**
   * Makes a segwit transaction that spends a mature coin of the node, puts it into the mempool and announces it.
   * @throws TypeError where no coin is mature or large enough
   */
  spend(options?: SpendOptions): Transaction
  /**
   * Makes such a transaction and does nothing with it: for a client that broadcasts it. Its coin is set aside.
   * @throws TypeError where no coin is mature or large enough
   */
  prepare(options?: SpendOptions): Transaction
  /** Puts a transaction into the mempool and announces it, or says why not. */
  submit(transaction: Transaction): 'accepted' | TransactionFault
  /** Adds a block that follows the tip and announces it, or says why not. */
  submitBlock(block: Block): 'accepted' | BlockFault
  /**
   * Serves the connections of a listener and emits the peers that shook hands. Cold; unsubscribing disconnects them.
   * A peer that fails goes to `options.failed`; an error of the listener itself passes through.
   * @example node.serve(listen({ port: 18444 })).subscribe({ error: console.error })
   */
  serve(connections$: Observable<Connection>): Observable<Peer>
  /**
   * A way to the node without any network, for `connect` and `open`. Each subscription is a connection of its own,
   * which ends with its peer. Bytes go through `scheduler` where the node has one, else through RxJS's asapScheduler.
   * @example connect(node.dial, { network: regtest }).subscribe({ next: peer => …, error: console.error })
   */
  readonly dial: Dial
}

/**
 * Makes a node to test pipelines against: real messages, headers, blocks and transactions, no network, no waiting.
 * It answers getheaders, getblocks, getdata, mempool and ping, announces blocks and transactions, and takes
 * transactions and blocks. With `random` and `clock` (or `scheduler`) given, its chain is the same in each run.
 * @throws TypeError for a network whose blocks are too hard to mine, or whose first block is not known
 * @example
 * const node = embeddedNode({ random: seededRandom(1) })
 * connect(node.dial, { network: regtest })
 *   .pipe(switchMap(peer => peer.on('inv')))
 *   .subscribe({ next: inv => console.log(inv.inventory.at(0)), error: console.error })
 * node.peers$.pipe(first(peers => peers.length > 0)).subscribe(() => node.spend())
 */
export function embeddedNode(options: EmbeddedNodeOptions = {}): EmbeddedNode {
  const { network = regtest, genesis = genesisBlock(network), blocks = 110, scheduler } = options
  assertMineable(network.name, network.genesis.bits)
  const { clock, random } = environment(options)
  const chain = new Chain(network, genesis)
  // One draw decides the chain, however many nonces its peers draw meanwhile.
  const ledger = new Ledger({ chain, clock, random: seededRandom(randomNonce(random)) })
  ledger.mineHistory(blocks)

  const peers$ = new BehaviorSubject<readonly Peer[]>([])
  const attach = (peer: Peer) => {
    peers$.next([...peers$.value, peer])
    peer.closed$.subscribe(() => peers$.next(peers$.value.filter(other => other !== peer)))
  }
  const accepting = acceptEach({
    network,
    userAgent: options.userAgent ?? { name: 'embedded-node', version: RXPEER_VERSION },
    services: options.services ?? Services.network | Services.witness,
    newestBlock: () => ({ height: chain.height, hash: chain.tip.hash }),
    nonces: createNonces(),
    scheduler,
    clock,
    random,
    failed: options.failed,
    ...options.peer,
    behaviors: { ...serviceBehaviors(ledger), ...options.peer?.behaviors },
  })
  const serve = (connections$: Observable<Connection>) => connections$.pipe(accepting, tap(attach))

  return {
    network,
    get height() {
      return chain.height
    },
    get tip() {
      return chain.tip
    },
    blocks: chain.blocks,
    get mempool() {
      return ledger.mempool.entries.map(({ transaction }) => transaction)
    },
    get peers() {
      return peers$.value
    },
    blocks$: ledger.blocks$.pipe(mergeMap(added => added)),
    transactions$: ledger.transactions$.pipe(map(({ transaction }) => transaction)),
    peers$: peers$.asObservable(),
    mine: (count = 1, mining = {}) => ledger.mine(count, mining),
    spend: (spending = {}) => {
      const transaction = ledger.prepare(spending)
      ledger.submit(transaction)
      return transaction
    },
    prepare: (spending = {}) => ledger.prepare(spending),
    submit: transaction => ledger.submit(transaction),
    submitBlock: block => ledger.submitBlock(block),
    serve,
    dial: new Observable(subscriber => {
      const [near, far] = memoryPair(scheduler ? { scheduler } : {})
      // Ends by itself with the connection.
      serve(of(far)).subscribe()
      subscriber.next(near)
      subscriber.complete()
    }),
  }
}
