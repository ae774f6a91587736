import { type ChildProcess, spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { request } from 'node:http'
import { createServer, type Server } from 'node:net'

/** Where all nodes of the tests listen. */
export const loopback = '127.0.0.1'

/** A full node that can be asked by JSON-RPC. */
export interface RpcNode {
  /** Calls the node. The result is what the caller says it is. */
  rpc<T>(method: string, ...params: readonly unknown[]): Promise<T>
}

/** Where a node takes JSON-RPC. */
export interface RpcAddress {
  readonly port: number
  /** `user:password`. */
  readonly auth: string
}

/** A start that failed because somebody took one of the ports meanwhile. */
export class PortTaken extends Error {}

/** Calls a method. The result is what the caller says it is. */
export async function call<T>(at: RpcAddress, method: string, params: readonly unknown[]): Promise<T> {
  const text = await post(at, method, { jsonrpc: '1.0', id: 0, method, params })
  return resultOf(method, parse<Answer<T>>(method, text))
}

/** Calls a method once for each list of parameters, all in one request; the results in the same order. */
export async function callEach<T>(
  at: RpcAddress,
  method: string,
  calls: readonly (readonly unknown[])[],
): Promise<T[]> {
  const batch = calls.map((params, id) => ({ jsonrpc: '1.0', id, method, params }))
  const answers = parse<Answer<T>[]>(method, await post(at, method, batch))
  return answers.map(answer => resultOf(method, answer))
}

/** The text that a node answers to a JSON-RPC request about `method`. */
async function post({ port, auth }: RpcAddress, method: string, content: unknown): Promise<string> {
  const call = request({
    host: loopback,
    port,
    method: 'POST',
    auth,
    // A connection that is kept would hold up the node's shutdown.
    agent: false,
    headers: { connection: 'close' },
    timeout: 30_000,
  })
  call.on('timeout', () => call.destroy(new Error(`${method}: no answer from the node`)))
  const text = new Promise<string>((resolve, reject) => {
    call.on('error', reject)
    call.on('response', response => {
      let received = ''
      response.setEncoding('utf8')
      response.on('data', chunk => {
        received += chunk
      })
      response.on('error', reject)
      response.on('end', () => resolve(received))
    })
  })
  call.end(JSON.stringify(content))
  return text
}

/** What JSON-RPC answers to one call. */
interface Answer<T> {
  readonly result: T
  readonly error: { readonly message: string } | null
}

function resultOf<T>(method: string, { result, error }: Answer<T>): T {
  if (error) throw new Error(`${method}: ${error.message}`)
  return result
}

/** What the node answered; a busy node answers in plain text. */
function parse<T>(method: string, text: string): T {
  try {
    return JSON.parse(text)
  } catch {
    throw new Error(`${method}: ${text}`)
  }
}

/** Whether a process has ended. */
export function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null
}

/** Ends a process in order; by force where it takes more than 15 s. */
export async function terminate(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return
  const gone = once(child, 'exit')
  child.kill('SIGTERM')
  const force = setTimeout(() => child.kill('SIGKILL'), 15_000)
  await gone
  clearTimeout(force)
}

/**
 * Ends a node and removes its folder when this process dies, however it dies: its end of the pipe closes.
 * @returns dismisses the undertaker
 */
export function undertaker(pid: number, folder: string): () => void {
  const script = 'read -r word || { kill -KILL "$1"; rm -rf "$2"; }'
  const child = spawn('/bin/sh', ['-c', script, 'undertaker', `${pid}`, folder], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  child.unref()
  return () => void child.stdin?.end('done\n')
}

/** `count` ports in a row that nobody listens on now, below those that the system hands out; the first of them. */
export async function freePorts(count: number): Promise<number> {
  for (;;) {
    const first = randomInt(20_000, 32_000)
    const ports = Array.from({ length: count }, (_, i) => first + i)
    if ((await Promise.all(ports.map(isFree))).every(free => free)) return first
  }
}

async function isFree(port: number): Promise<boolean> {
  const server: Server = createServer()
  try {
    server.listen(port, loopback)
    await once(server, 'listening')
    return true
  } catch {
    return false
  } finally {
    server.close()
  }
}
