import { blocks } from './rxpeer/blocks.js'
import { filters } from './rxpeer/filters.js'
import { messages } from './rxpeer/messages.js'
import { peers } from './rxpeer/peer.js'
import { serve } from './serve.js'

await serve({ ...blocks, ...messages, ...filters, ...peers })
