import { blocks } from './bcoin/blocks.js'
import { connections } from './bcoin/connections.js'
import { messages } from './bcoin/messages.js'
import { peers } from './bcoin/peer.js'
import { serve } from './serve.js'

await serve({ ...blocks, ...messages, ...peers, ...connections })
