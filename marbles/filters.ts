import { HeaderChain } from '../src/requests/header-chain.js'
import type { MarbleHelpers } from '../src/testing/marbles.js'
import type { Block } from '../src/wire/block.js'
import { BlockFilter, FilterType } from '../src/wire/filter.js'
import { type Hash, zeroHash } from '../src/wire/hash.js'
import { equalBytes } from '../src/wire/hex.js'
import type { Message } from '../src/wire/messages.js'
import { regtest } from '../src/wire/network.js'
import { Services } from '../src/wire/services.js'
import { type Asking, asking, type Question } from './asking.js'
import { version } from './cast.js'

/** A block with its filter. */
export interface Filtered {
  readonly block: Block
  readonly filter: BlockFilter
  /** Filter header of this block. */
  readonly header: Hash
  /** Filter header of the block before. */
  readonly previous: Hash
}

/** A chain that knows these blocks. */
export function chainOf(blocks: readonly Block[]): HeaderChain {
  const chain = new HeaderChain(regtest)
  chain.add(blocks.slice(1).map(({ header }) => header))
  return chain
}

/** The filters of blocks in which nothing but coinbases is. */
export function filtersOf(blocks: readonly Block[]): readonly Filtered[] {
  let header = zeroHash
  return blocks.map(block => {
    const filter = BlockFilter.fromBlock(block, [])
    const previous = header
    header = filter.header(previous)
    return { block, filter, header, previous }
  })
}

/** The filter at a height. */
export function filterAt(filters: readonly Filtered[], height: number): Filtered {
  const found = filters[height]
  if (found === undefined) throw new Error(`no filter ${height}`)
  return found
}

/** The message with the filter headers from one height to another. */
export function cfheaders(filters: readonly Filtered[], from: number, to: number): Message {
  return {
    command: 'cfheaders',
    filterType: FilterType.basic,
    stop: filterAt(filters, to).block.hash,
    previousFilterHeader: filterAt(filters, from).previous,
    filterHashes: filters.slice(from, to + 1).map(({ filter }) => filter.hash),
  }
}

/** The message with the filter of a block, or with other bytes in its place. */
export function cfilter({ block, filter }: Filtered, bytes: Uint8Array = filter.bytes): Message {
  return { command: 'cfilter', filterType: FilterType.basic, blockHash: block.hash, filter: bytes }
}

/** Answers what is asked about filters as a node does, at the call. */
export function serveFilters(filters: readonly Filtered[]): (message: Message) => readonly Message[] {
  return message => {
    if (message.command !== 'getcfheaders' && message.command !== 'getcfilters') return []
    const { startHeight, stop } = message
    const end = filters.findIndex(({ block }) => equalBytes(block.hash, stop))
    if (message.command === 'getcfheaders') return [cfheaders(filters, startHeight, end)]
    return filters.slice(startHeight, end + 1).map(filtered => cfilter(filtered))
  }
}

/** The version message of a remote that serves compact filters. */
const servesFilters = version({ services: Services.network | Services.witness | Services.compactFilters })

/** The same question for a remote that serves compact filters. */
export function ofFilters<T>(question: Question<T>): Question<T> {
  return { ...question, values: { v: servesFilters, ...question.values } }
}

/** Asks a remote that serves compact filters. */
export function askingForFilters<T>(helpers: MarbleHelpers, question: Question<T>): Asking<T> {
  return asking(helpers, ofFilters(question))
}
