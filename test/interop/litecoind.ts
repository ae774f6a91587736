import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fromHex, regtest } from 'rxpeer'
import { genesisHeader, type Network } from 'rxpeer/wire'
import { afterAll, beforeAll, describe } from 'vitest'
import {
  call,
  callEach,
  freePorts,
  hasEnded,
  loopback,
  PortTaken,
  type RpcAddress,
  type RpcNode,
  terminate,
  undertaker,
} from './daemon.js'
import { eventually } from './waiting.js'

const binary = process.env['RXPEER_LITECOIND'] ?? '/usr/lib/litecoin/litecoind'
const installed = existsSync(binary)

/** Litecoin's regtest: bitcoin's magic, another port, another first block. Not a network that rxpeer knows. */
export const litecoinRegtest: Network = {
  ...regtest,
  name: 'litecoin-regtest',
  defaultPort: 19444,
  genesis: genesisHeader({
    merkleRoot: fromHex('97ddfbbae6be97fd6cdf3e7ca13232a3afff2353e29badfab7f73011edd4ced9'),
    time: 1296688602,
    bits: 0x207fffff,
    nonce: 0,
  }),
}

/** Pays to a witness script that is always true, `51`, so that spending needs no wallet. */
export const anyoneCanSpend = 'rltc1qft5p2uhsdcdc3l2ua4ap5qqfg4pjaqlp250x7us7a8qqhrxrxfsqc6h8ge'

/** What `getpeerinfo` tells, as far as the tests look at it. */
export interface PeerInfo {
  readonly id: number
  readonly addr: string
  readonly version: number
  readonly subver: string
  readonly services: string
  readonly inbound: boolean
  readonly relaytxes: boolean
  readonly startingheight: number
  /** Bytes by command, of the messages that the node read. */
  readonly bytesrecv_per_msg: Readonly<Record<string, number>>
  /** Seconds; absent until the node's own ping was answered. */
  readonly pingtime?: number
}

/** Ports that litecoind listens on. */
interface Ports {
  /** Treats peers as strangers. */
  readonly plain: number
  /** Without one of its own for onion peers, litecoind takes a fixed port, and two nodes collide. */
  readonly onion: number
  /** Trusts peers: announces at once, serves its mempool, punishes nothing. */
  readonly trusted: number
  readonly rpc: number
}

/** A litecoind in regtest, with a folder and ports of its own. */
export class Litecoind implements RpcNode {
  readonly #ports: Ports
  readonly #extra: readonly string[]
  readonly #folder = mkdtempSync(join(tmpdir(), 'rxpeer-litecoind-'))
  #process: ChildProcess | undefined
  #dismissUndertaker = () => {}
  #stderr = ''

  private constructor(port: number, extra: readonly string[]) {
    this.#ports = { plain: port, onion: port + 1, trusted: port + 2, rpc: port + 3 }
    this.#extra = extra
  }

  /**
   * Starts a node and waits until it answers; tries other ports where somebody was faster.
   * @param extra - arguments behind the usual ones
   */
  static async start(extra: readonly string[] = []): Promise<Litecoind> {
    for (let attempt = 1; ; attempt += 1) {
      const node = new Litecoind(await freePorts(4), extra)
      try {
        await node.#launch()
        return node
      } catch (error) {
        await node.stop()
        if (!(error instanceof PortTaken) || attempt === 5) throw error
      }
    }
  }

  readonly host = loopback

  /** The port that treats peers as strangers. */
  get port(): number {
    return this.#ports.plain
  }

  /** The port that trusts its peers: no punishment, no delay of announcements. */
  get trustedPort(): number {
    return this.#ports.trusted
  }

  /** Calls the node. The result is what the caller says it is. */
  async rpc<T>(method: string, ...params: readonly unknown[]): Promise<T> {
    return call(this.#rpcAddress(), method, params)
  }

  /** Calls a method once for each list of parameters, all in one request; the results in the same order. */
  async rpcEach<T>(method: string, calls: readonly (readonly unknown[])[]): Promise<T[]> {
    return callEach(this.#rpcAddress(), method, calls)
  }

  #rpcAddress(): RpcAddress {
    const auth = readFileSync(join(this.#folder, 'regtest', '.cookie'), 'utf8')
    return { port: this.#ports.rpc, auth }
  }

  /** Mines blocks that pay to `address`; their hashes in display hex. */
  mine(count = 1, address = anyoneCanSpend): Promise<string[]> {
    return this.rpc('generatetoaddress', count, address)
  }

  /** The node's view of its peers. */
  peers(): Promise<PeerInfo[]> {
    return this.rpc('getpeerinfo')
  }

  /** Waits for the one peer of the node that `wanted` accepts. */
  peer(what: string, wanted: (peer: PeerInfo) => boolean): Promise<PeerInfo> {
    return eventually(what, async () => (await this.peers()).find(wanted))
  }

  /** Lines of the node's log that tell of an offence. */
  offences(): string[] {
    const log = readFileSync(join(this.#folder, 'regtest', 'debug.log'), 'utf8')
    // A new node misses files that it is about to write.
    return log
      .split('\n')
      .filter(line => /misbehav|discourag|error/i.test(line) && !/DeserializeFileDB/.test(line))
  }

  /** Stops the node in its tracks while `work` goes on: its sockets stay open, and it answers nothing. */
  async whileStopped<T>(work: () => Promise<T>): Promise<T> {
    this.#process?.kill('SIGSTOP')
    try {
      return await work()
    } finally {
      this.#process?.kill('SIGCONT')
    }
  }

  /** Ends the node in order and starts it again: same folder, same ports. */
  async restart(): Promise<void> {
    await this.#end()
    await this.#launch()
  }

  /** Ends the node and removes its folder. */
  async stop(): Promise<void> {
    await this.#end()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  async #launch(): Promise<void> {
    const { plain, onion, trusted, rpc } = this.#ports
    this.#stderr = ''
    const child = spawn(
      binary,
      [
        '-regtest',
        `-datadir=${this.#folder}`,
        '-server=1',
        '-listen=1',
        '-connect=0',
        '-dnsseed=0',
        '-discover=0',
        '-listenonion=0',
        '-upnp=0',
        '-printtoconsole=0',
        `-bind=${this.host}:${plain}`,
        `-bind=${this.host}:${onion}=onion`,
        `-whitebind=noban,download,relay,mempool@${this.host}:${trusted}`,
        `-rpcport=${rpc}`,
        `-rpcbind=${this.host}`,
        `-rpcallowip=${this.host}`,
        '-txindex=1',
        '-peerbloomfilters=1',
        '-blockfilterindex=1',
        '-peerblockfilters=1',
        '-fallbackfee=0.0002',
        '-debug=net',
        // Keeps MWEB off, without which block 432 cannot be mined.
        '-vbparams=mweb:999999999999:999999999999:2147483647:2147483647',
        ...this.#extra,
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    )
    this.#process = child
    child.stderr?.setEncoding('utf8').on('data', text => {
      this.#stderr += text
    })
    await once(child, 'spawn')
    this.#dismissUndertaker = undertaker(child.pid ?? 0, this.#folder)

    await eventually(
      'litecoind answers',
      async () => {
        this.#checkStart(child)
        try {
          return await this.rpc<number>('getblockcount')
        } catch {
          return undefined
        }
      },
      30_000,
    )
    this.#checkStart(child)
  }

  /** litecoind runs on when only some of its ports are taken, so what it writes has to be read. */
  #checkStart(child: ChildProcess): void {
    if (/Unable to bind|Unable to start HTTP server/.test(this.#stderr)) throw new PortTaken(this.#stderr)
    if (hasEnded(child)) {
      throw new Error(`litecoind ended at its start: ${this.#stderr}`)
    }
  }

  async #end(): Promise<void> {
    const child = this.#process
    this.#process = undefined
    if (child) await terminate(child)
    this.#dismissUndertaker()
  }
}

/**
 * A suite with a node of its own; skipped, and said so, where litecoind is not installed.
 * @param extra - arguments of the node behind the usual ones
 */
export function describeLitecoind(
  name: string,
  suite: (node: () => Litecoind) => void,
  extra: readonly string[] = [],
): void {
  if (!installed) {
    console.warn(
      `SKIPPED: "${name}" needs litecoind (${binary}); apt-get install litecoind, or set RXPEER_LITECOIND`,
    )
  }
  const block = installed ? describe : describe.skip
  block(name, () => {
    let node: Litecoind | undefined
    beforeAll(async () => {
      node = await Litecoind.start(extra)
    })
    afterAll(() => node?.stop())
    suite(() => {
      if (!node) throw new Error('litecoind runs only while the tests do')
      return node
    })
  })
}
