import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmdirSync, rmSync } from 'node:fs'
import { devNull, tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe } from 'vitest'
import {
  call,
  freePorts,
  hasEnded,
  loopback,
  PortTaken,
  type RpcNode,
  terminate,
  undertaker,
} from './daemon.js'
import { eventually } from './waiting.js'

/** Pays to a witness script that is always true, `51`, on bitcoin's regtest. */
const anyoneCanSpend = 'bcrt1qft5p2uhsdcdc3l2ua4ap5qqfg4pjaqlp250x7us7a8qqhrxrxfsqseac85'

/** What `getpeerinfo` tells, as far as the tests look at it. */
export interface BtcdPeerInfo {
  readonly addr: string
  readonly version: number
  readonly subver: string
  /** A decimal number of 64 bits. */
  readonly services: string
  readonly inbound: boolean
  readonly startingheight: number
  readonly banscore: number
}

interface Missing {
  /** Why there is no btcd. */
  readonly missing: string
}

/** Where btcd is; builds it, once, where the machine has Go. */
async function findBtcd(): Promise<{ readonly binary: string } | Missing> {
  const given = process.env['RXPEER_BTCD']
  if (given !== undefined) return { binary: given }
  try {
    const install = fileURLToPath(new URL('../../scripts/install-btcd.mjs', import.meta.url))
    const { stdout } = await promisify(execFile)(process.execPath, [install])
    return { binary: stdout.trim() }
  } catch (error) {
    return { missing: error instanceof Error ? error.message : String(error) }
  }
}

/** btcd makes this folder, empty, whatever it is told. */
const homeFolder = join(userInfo().homedir, '.btcd')

/** A btcd in regtest, with a folder and ports of its own. */
export class Btcd implements RpcNode {
  readonly host = loopback
  readonly port: number
  readonly #binary: string
  readonly #folder = mkdtempSync(join(tmpdir(), 'rxpeer-btcd-'))
  readonly #leavesHome = !existsSync(homeFolder)
  #process: ChildProcess | undefined
  #dismissUndertaker = () => {}
  #output = ''

  private constructor(binary: string, port: number) {
    this.#binary = binary
    this.port = port
  }

  /** Starts a node and waits until it answers; tries other ports where somebody was faster. */
  static async start(binary: string): Promise<Btcd> {
    for (let attempt = 1; ; attempt += 1) {
      const node = new Btcd(binary, await freePorts(2))
      try {
        await node.#launch()
        return node
      } catch (error) {
        await node.stop()
        if (!(error instanceof PortTaken) || attempt === 5) throw error
      }
    }
  }

  /** Calls the node. The result is what the caller says it is. */
  async rpc<T>(method: string, ...params: readonly unknown[]): Promise<T> {
    return call({ port: this.port + 1, auth: 'rxpeer:rxpeer' }, method, params)
  }

  /** Mines blocks that pay to the script that is always true; their hashes in display hex. */
  mine(count: number): Promise<string[]> {
    return this.rpc('generate', count)
  }

  /** The node's view of its peers. */
  peers(): Promise<BtcdPeerInfo[]> {
    return this.rpc('getpeerinfo')
  }

  /** Lines of the node's log that tell of something that it did not like. */
  complaints(): string[] {
    return this.#output.split('\n').filter(line => /\[(WRN|ERR|CRT)\]/.test(line))
  }

  /** Ends the node and removes what it left. */
  async stop(): Promise<void> {
    if (this.#process) await terminate(this.#process)
    this.#dismissUndertaker()
    rmSync(this.#folder, { recursive: true, force: true })
    if (this.#leavesHome && existsSync(homeFolder)) rmdirSync(homeFolder)
  }

  async #launch(): Promise<void> {
    const child = spawn(
      this.#binary,
      [
        '--regtest',
        `--configfile=${devNull}`,
        `--datadir=${join(this.#folder, 'data')}`,
        `--logdir=${join(this.#folder, 'logs')}`,
        `--listen=${this.host}:${this.port}`,
        `--rpclisten=${this.host}:${this.port + 1}`,
        '--rpcuser=rxpeer',
        '--rpcpass=rxpeer',
        '--notls',
        '--nodnsseed',
        '--noonion',
        '--txindex',
        '--utxocachemaxsize=10',
        `--miningaddr=${anyoneCanSpend}`,
        '--trickleinterval=100ms',
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    )
    this.#process = child
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', text => {
        this.#output += text
      })
    }
    await once(child, 'spawn')
    this.#dismissUndertaker = undertaker(child.pid ?? 0, this.#folder)
    await eventually(
      'btcd answers',
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

  /** btcd runs on when one of its ports is taken, and only says so. */
  #checkStart(child: ChildProcess): void {
    if (/address already in use/.test(this.#output)) throw new PortTaken(this.#output)
    if (hasEnded(child)) throw new Error(`btcd ended at its start: ${this.#output}`)
  }
}

/** A suite with a btcd of its own; skipped, and said so, where there is none and none can be built. */
export async function describeBtcd(name: string, suite: (node: () => Btcd) => void): Promise<void> {
  const found = await findBtcd()
  if ('missing' in found) {
    console.warn(
      `SKIPPED: "${name}" needs btcd; install Go, or set RXPEER_BTCD to a btcd of your own (${found.missing})`,
    )
    describe.skip(name, () => suite(() => never()))
    return
  }
  describe(name, () => {
    let node: Btcd | undefined
    beforeAll(async () => {
      node = await Btcd.start(found.binary)
    })
    afterAll(() => node?.stop())
    suite(() => node ?? never())
  })
}

function never(): never {
  throw new Error('btcd runs only while the tests do')
}
