import {
  BehaviorSubject,
  distinctUntilChanged,
  EMPTY,
  map,
  mergeMap,
  Observable,
  of,
  switchMap,
  tap,
} from 'rxjs'
import { type AcceptEachOptions, acceptEach } from '../peer/accept-each.js'
import type { PeerError } from '../peer/close.js'
import { connect } from '../peer/connect.js'
import { environment } from '../peer/defaults.js'
import { createNonces } from '../peer/nonces.js'
import type { PeerOptions } from '../peer/options.js'
import { RXPEER_VERSION } from '../peer/own-version.js'
import type { Peer } from '../peer/peer.js'
import type { Connection, Dial } from '../stream/connection.js'
import { type Random, randomNonce } from '../stream/environment.js'
import { memoryPair } from '../transport/memory.js'
import type { Block } from '../wire/block.js'
import type { Hash } from '../wire/hash.js'
import type { BlockHeader } from '../wire/header.js'
import type { List } from '../wire/list.js'
import type { TimedNetAddress } from '../wire/netaddress.js'
import { type Network, regtest } from '../wire/network.js'
import { Services } from '../wire/services.js'
import type { Transaction } from '../wire/transaction.js'
import type { UserAgent } from '../wire/useragent.js'
import { type BlockFault, Chain, type ChainChange } from './chain.js'
import { genesisBlock } from './genesis.js'
import { Ledger, type MineOptions, type ReorganiseOptions, type SpendOptions } from './ledger.js'
import type { TransactionFault } from './mempool.js'
import { assertMineable } from './mining.js'
import { type Misbehaviour, misbehave } from './misbehaviour.js'
import { checkSchedule, type Schedule, scheduled } from './schedule.js'
import { seededRandom } from './seeded-random.js'
import { serviceBehaviors } from './services.js'

/** How an embedded node is made. Every option has a default. */
export interface EmbeddedNodeOptions extends Pick<PeerOptions, 'scheduler' | 'clock'> {
  /**
   * Dice of the chain and of the node's peers. Default: the platform's secure source.
   *
   * Nodes have one chain where they have the same dice, clock (or scheduler) and number of blocks. With the same dice for
   * their peers they would draw the same nonces too, and take each other for themselves: where they are to connect to each
   * other, give each its own `peer.random`.
   * @example
   * const [near, far] = [2, 3].map(seed =>
   *   embeddedNode({ random: seededRandom(1), clock, peer: { random: seededRandom(seed) } }),
   * )
   */
  readonly random?: Random | undefined
  /** Default: regtest. A network of one's own does as well, if its blocks are as easy to mine. */
  readonly network?: Network | undefined
  /** The first block. Default: built from `network.genesis`, which works where its coinbase is bitcoin's. */
  readonly genesis?: Block | undefined
  /** Blocks to start with, mined as if one came every ten minutes up to now. Default 110: ten coinbases and one can be spent. */
  readonly blocks?: number | undefined
  /** Default: `embedded-node` and rxpeer's version. */
  readonly userAgent?: UserAgent | undefined
  /**
   * What must meet the target of a header, for networks where it is not the block's id. Default: SHA256d.
   * @example { powHash: ({ bytes }) => scryptSync(bytes, bytes, 32, { N: 1024, r: 1, p: 1 }) } // litecoin
   */
  readonly powHash?: ((header: BlockHeader) => Hash) | undefined
  /** What the node offers. Default: all that it can, which is `network`, `bloom`, `witness` and `compactFilters`. */
  readonly services?: bigint | undefined
  /**
   * What getaddr is answered with, at most 1000 at a time. Default: nothing. Give two or more: `getAddresses` does not
   * take a message of one address for the answer, since nodes announce themselves that way.
   */
  readonly addresses?: readonly TimedNetAddress[] | undefined
  /** What happens by itself while there are peers. Default: nothing. */
  readonly schedule?: Schedule | undefined
  /**
   * Options of the node's side of every peer, over its own. What the node does for its peers are behaviors by name
   * (see {@link ServiceName}), so `false` makes a node that lacks one. `random` here leaves the chain alone.
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
  /**
   * Each block that becomes part of the chain, those of the branch that a reorganisation brings too. Hot, never
   * completes. The mempool has lost what the block contains by then.
   */
  readonly blocks$: Observable<Block>
  /** What happened to the chain, once for all that happened at once. Hot, never completes. */
  readonly changes$: Observable<ChainChange>
  /** Each transaction that enters the mempool, but for what a reorganisation gives back. Hot, never completes. */
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
   * Replaces the last blocks by a longer branch that is mined now, and announces that. Transactions of the replaced
   * blocks wait in the mempool again where they still can; remotes can still fetch the replaced blocks.
   * @returns what was replaced, highest first, and by what, lowest first
   * @throws TypeError for more blocks than there are, or a branch that is not longer
   * @example node.reorganise({ depth: 2 }) // three new blocks instead of the last two
   */
  reorganise(options?: ReorganiseOptions): ChainChange
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
  /**
   * Takes a block that follows any known one, or says why not. The branch with the most work is the chain: `accepted`
   * is what became part of it and was announced, by a reorganisation where needed; `kept` is what waits beside it.
   */
  submitBlock(block: Block): 'accepted' | 'kept' | BlockFault
  /**
   * Serves the connections of a listener and emits the peers that shook hands. Cold; unsubscribing disconnects them.
   * A peer that fails goes to `options.failed`; an error of the listener itself passes through.
   * @example node.serve(listen({ port: 18444 })).subscribe({ error: console.error })
   */
  serve(connections$: Observable<Connection>): Observable<Peer>
  /**
   * Dials, and serves whoever is there as well. Emits the peer, completes, errors and unsubscribes as `connect` does.
   * Two nodes with the same dice take each other for themselves; see `EmbeddedNodeOptions.random`.
   * @example node.connect(tcp({ host: '127.0.0.1', port: 19444 })).subscribe({ error: console.error })
   */
  connect(dial: Dial): Observable<Peer>
  /**
   * A way to the node without any network, for `connect` and `open`. Each subscription is a connection of its own,
   * which ends with its peer. Bytes go through `scheduler` where the node has one, else through RxJS's asapScheduler.
   * @example connect(node.dial, { network: regtest }).subscribe({ next: peer => …, error: console.error })
   */
  readonly dial: Dial
  /**
   * The same way to a node that misbehaves on this connection; see {@link Misbehaviour}.
   * @example connect(node.dialWith({ does: 'disconnect', at: { command: 'block', nth: 2 } }), { network: regtest })
   */
  dialWith(...script: readonly Misbehaviour[]): Dial
}

const allServices = Services.network | Services.bloom | Services.witness | Services.compactFilters

/**
 * Makes a node to test pipelines against: real messages, headers, blocks and transactions, no network, no waiting.
 * It answers getheaders, getblocks, getdata, mempool, getaddr, the requests for compact filters and ping, knows
 * filtered and compact blocks, announces blocks and transactions, and takes transactions and blocks. With `random` and `clock` (or `scheduler`) given, its chain is the same in each run.
 * @throws TypeError for a schedule with an interval that is not above 0, and for a network whose blocks are too hard to mine, or whose first block is not known
 * @example
 * const node = embeddedNode({ random: seededRandom(1) })
 * connect(node.dial, { network: regtest })
 *   .pipe(switchMap(peer => peer.on('inv')))
 *   .subscribe({ next: inv => console.log(inv.inventory.at(0)), error: console.error })
 * node.peers$.pipe(first(peers => peers.length > 0)).subscribe(() => node.spend())
 */
export function embeddedNode(options: EmbeddedNodeOptions = {}): EmbeddedNode {
  const { network = regtest, genesis = genesisBlock(network), blocks = 110, powHash } = options
  const { services = allServices, addresses = [], schedule = {} } = options
  checkSchedule(schedule)
  assertMineable(network.name, network.genesis.bits)
  const { scheduler, clock, random } = environment(options)
  const chain = new Chain(network, genesis, powHash)
  // One draw decides the chain, however many nonces its peers draw meanwhile.
  const ledger = new Ledger({ chain, clock, random: seededRandom(randomNonce(random)) })
  ledger.mineHistory(blocks)

  const peers$ = new BehaviorSubject<readonly Peer[]>([])
  const attach = (peer: Peer) => {
    peers$.next([...peers$.value, peer])
    peer.closed$.subscribe(() => peers$.next(peers$.value.filter(other => other !== peer)))
  }
  const { peer: given = {} } = options
  const ownUserAgent = { name: 'embedded-node', version: RXPEER_VERSION }
  const newestBlock = () => ({ height: chain.height, hash: chain.tip.hash })
  const peerOptions: AcceptEachOptions = {
    ...given,
    // Not by a spread: an option that is there but undefined would lead to the default of peers instead of the node's.
    network: given.network ?? network,
    userAgent: given.userAgent ?? options.userAgent ?? ownUserAgent,
    services: given.services ?? services,
    newestBlock: given.newestBlock ?? newestBlock,
    nonces: given.nonces ?? createNonces(),
    scheduler: given.scheduler ?? options.scheduler,
    clock: given.clock ?? clock,
    random: given.random ?? random,
    failed: options.failed,
    behaviors: { ...serviceBehaviors(ledger, { services, addresses }), ...given.behaviors },
  }
  const accepting = acceptEach(peerOptions)
  const serve = (connections$: Observable<Connection>) => connections$.pipe(accepting, tap(attach))
  const dialWith = (...script: readonly Misbehaviour[]): Dial =>
    new Observable(subscriber => {
      const [near, far] = memoryPair(options.scheduler ? { scheduler: options.scheduler } : {})
      // Ends by itself with the connection.
      serve(of(misbehave(far, script, { scheduler, powHash }))).subscribe()
      subscriber.next(near)
      subscriber.complete()
    })
  // Without peers nothing runs, so that a node that nobody uses keeps no process alive.
  peers$
    .pipe(
      map(peers => peers.length > 0),
      distinctUntilChanged(),
      switchMap(busy => (busy ? scheduled(ledger, schedule, scheduler) : EMPTY)),
    )
    .subscribe()

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
    blocks$: ledger.changes$.pipe(mergeMap(({ connected }) => connected)),
    changes$: ledger.changes$.asObservable(),
    transactions$: ledger.transactions$.pipe(map(({ transaction }) => transaction)),
    peers$: peers$.asObservable(),
    mine: (count = 1, mining = {}) => ledger.mine(count, mining),
    reorganise: (reorganising = {}) => ledger.reorganise(reorganising),
    spend: (spending = {}) => ledger.spend(spending),
    prepare: (spending = {}) => ledger.prepare(spending),
    submit: transaction => ledger.submit(transaction),
    submitBlock: block => ledger.submitBlock(block),
    serve,
    connect: dial => connect(dial, peerOptions).pipe(tap(attach)),
    dial: dialWith(),
    dialWith,
  }
}
