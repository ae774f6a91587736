import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'

// What keeps the library small enough to be held in a head: figures that rise unseen, one name or line at a time.

const src = fileURLToPath(new URL('../../src/', import.meta.url))

/** The entries of the package, by the file that lists their names. */
const entries = {
  rxpeer: 'index.ts',
  'rxpeer/wire': 'wire/index.ts',
  'rxpeer/behaviors': 'behaviors/index.ts',
}

const program = ts.createProgram(
  Object.values(entries).map(path => join(src, path)),
  {
    target: ts.ScriptTarget.ES2022,
    lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
    module: ts.ModuleKind.NodeNext,
    types: ['node'],
    strict: true,
    noEmit: true,
  },
)
const checker = program.getTypeChecker()

/** The symbols that an entry exports, types included. */
function exportsOf(entry: keyof typeof entries): readonly ts.Symbol[] {
  const source = program.getSourceFile(join(src, entries[entry]))
  const module = source && checker.getSymbolAtLocation(source)
  return module === undefined ? [] : checker.getExportsOfModule(module)
}

const namesOf = (entry: keyof typeof entries) =>
  exportsOf(entry)
    .map(({ name }) => name)
    .sort()

/** What an export is in the end, wherever it is listed. */
const origin = (symbol: ts.Symbol) =>
  symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol

describe('src/peer', () => {
  it('has no file of more than 250 lines', () => {
    const long = readdirSync(join(src, 'peer'), { recursive: true, encoding: 'utf8' })
      .filter(name => name.endsWith('.ts'))
      .map(name => ({ name, lines: readFileSync(join(src, 'peer', name), 'utf8').split('\n').length - 1 }))
      .filter(({ lines }) => lines > 250)
    expect(long).toEqual([])
  })
})

describe('the face', () => {
  it('of rxpeer has at most 80 names, types included', () => {
    const names = namesOf('rxpeer')
    expect(names.length, names.join(' ')).toBeLessThanOrEqual(80)
    expect(names.length).toBeGreaterThan(50)
  })

  it('is one: a name means the same thing in every entry that has it', () => {
    const meanings = new Map<string, ts.Symbol>()
    const twofold: string[] = []
    for (const entry of ['rxpeer', 'rxpeer/wire', 'rxpeer/behaviors'] as const) {
      for (const symbol of exportsOf(entry)) {
        const known = meanings.get(symbol.name) ?? origin(symbol)
        meanings.set(symbol.name, known)
        if (known !== origin(symbol)) twofold.push(symbol.name)
      }
    }
    expect(twofold).toEqual([])
  })

  it('of a peer has at most 20 members', () => {
    const peer = exportsOf('rxpeer').find(({ name }) => name === 'Peer')
    const members = peer && checker.getDeclaredTypeOfSymbol(origin(peer)).getProperties()
    const names = members?.map(member => member.name.replace(/^__@(\w+)@\d+$/, '[Symbol.$1]')) ?? []
    expect(names.length, names.join(' ')).toBeLessThanOrEqual(20)
    expect(names).toContain('[Symbol.asyncDispose]')
  })
})
