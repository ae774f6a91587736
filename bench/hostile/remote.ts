/**
 * The hostile process: raw sockets and no library behind them. Takes what it is to do as JSON in its argument, tells what
 * it did in lines of JSON, and ends when its input does.
 */
import { createConnection, createServer, type Socket } from 'node:net'
import { type Attack, attacks, frame, versionOf } from './attacks.js'
import { say } from './lines.js'

/** What a hostile process is told. */
export interface RemoteOrders {
  readonly attack: string
  /** Connections at the same time. */
  readonly count: number
  /** Where to dial; without it, it listens for `count` connections and tells its port. */
  readonly port: number | undefined
}

/** What it tells. */
export interface RemoteReport {
  readonly kind: 'port'
  readonly port: number
}

const orders: RemoteOrders = JSON.parse(process.argv[2] ?? '{}')
const attack: Attack | undefined = attacks[orders.attack]
if (attack === undefined) throw new Error(`there is no attack "${orders.attack}"`)
const { greets, reads, every, again = false } = attack

let nonce = 1_000n
const report = (line: RemoteReport) => say(line)

function begin(socket: Socket): void {
  const chunks = attack?.chunks()[Symbol.iterator]()
  let over = false
  const finish = () => {
    if (over) return
    over = true
    if (again) socket.end()
  }
  const go = () => {
    while (!over && !socket.destroyed) {
      const next = chunks?.next()
      if (next === undefined || next.done === true) {
        finish()
        return
      }
      const room = socket.write(next.value)
      if (every !== undefined) {
        setTimeout(go, every)
        return
      }
      if (!room) {
        socket.once('drain', go)
        return
      }
    }
  }
  socket.setNoDelay(true)
  // The victim closes it sooner or later.
  socket.on('error', () => {})
  if (reads) socket.resume()
  nonce += 1n
  if (greets !== 'not') socket.write(frame(versionOf(nonce)))
  if (greets === 'fully') socket.write(frame({ command: 'verack' }))
  go()
}

function dial(port: number): void {
  const socket = createConnection({ port, host: '127.0.0.1' })
  // What is not paused before it connects reads a first piece.
  socket.pause()
  socket.on('connect', () => begin(socket))
  if (again) socket.on('close', () => dial(port))
}

if (orders.port === undefined) {
  const server = createServer({ pauseOnConnect: true }, begin)
  server.listen(0, '127.0.0.1', () => {
    const address = server.address()
    if (address !== null && typeof address === 'object') report({ kind: 'port', port: address.port })
  })
} else for (let i = 0; i < orders.count; i += 1) dial(orders.port)

process.stdin.on('end', () => process.exit(0)).resume()
