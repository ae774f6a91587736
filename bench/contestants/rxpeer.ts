import { blocks } from './rxpeer/blocks.js'
import { connections } from './rxpeer/connections.js'
import { filters } from './rxpeer/filters.js'
import { messages } from './rxpeer/messages.js'
import { peers } from './rxpeer/peer.js'
import { starting } from './rxpeer/start.js'
import { overTcp } from './rxpeer/tcp.js'
import { serve } from './serve.js'

await serve({ ...blocks, ...messages, ...filters, ...peers, ...overTcp, ...connections, ...starting })
