import { parseArgs } from 'node:util'
import { type Command, commonOptions, type Load } from './command.js'
import { type CommandName, commands, isCommandName } from './commands.js'
import { type OptionName, type OptionValues, options, type Settings } from './options.js'
import { UsageError } from './usage.js'

/** What the arguments ask for. */
export type Request =
  | { readonly kind: 'help'; readonly command: CommandName | undefined }
  | { readonly kind: 'version' }
  | {
      readonly kind: 'run'
      readonly command: CommandName
      readonly settings: Settings
      readonly operands: readonly string[]
      readonly load: Load
    }
  /** `message` is one line. */
  | { readonly kind: 'usage'; readonly message: string }

const isOptionName = (name: string): name is OptionName => Object.hasOwn(options, name)

type ParseOption = { type: 'string' | 'boolean'; short?: string }

const parseOptions = Object.fromEntries(
  Object.entries(options).map(([name, { value, short }]): [string, ParseOption] => [
    name,
    { type: value === undefined ? 'boolean' : 'string', ...(short !== undefined && { short }) },
  ]),
)

type Given = { -readonly [K in OptionName]?: OptionValues[K] }

function read<K extends OptionName>(settings: Given, name: K, text: string | undefined): void {
  const option = options[name]
  if (option.value === undefined && text !== undefined) throw new UsageError(`--${name} takes no value`)
  if (option.value !== undefined) {
    if (text === undefined || text.startsWith('--')) throw new UsageError(`--${name} needs a value`)
    if (name in settings) throw new UsageError(`--${name} is given twice`)
  }
  try {
    settings[name] = option.read(text ?? '')
  } catch (error) {
    throw error instanceof UsageError ? new UsageError(`--${name}: ${error.message}`) : error
  }
}

function tokenise(args: readonly string[]): { settings: Settings; words: readonly string[] } {
  // Not strict: parseArgs then leaves the complaints to us, who have but one line for each.
  const { tokens } = parseArgs({
    args: [...args],
    options: parseOptions,
    strict: false,
    tokens: true,
    allowPositionals: true,
  })
  const settings: Given = {}
  const words: string[] = []
  for (const token of tokens) {
    if (token.kind === 'positional') words.push(token.value)
    if (token.kind !== 'option') continue
    if (!isOptionName(token.name)) throw new UsageError(`unknown option ${token.rawName}`)
    read(settings, token.name, token.value)
  }
  return { settings, words }
}

function checkOptions(name: string, command: Command, settings: Settings): void {
  const allowed = new Set<string>([...commonOptions, ...command.options])
  const stranger = Object.keys(settings).find(option => !allowed.has(option))
  if (stranger !== undefined) throw new UsageError(`${name} takes no --${stranger}`)
}

function checkOperands(name: string, { operands }: Command, given: readonly string[]): void {
  const missing = operands[given.length]
  if (missing !== undefined) throw new UsageError(`${name} needs ${missing}`)
  const extra = given[operands.length]
  if (extra !== undefined) throw new UsageError(`unexpected argument "${extra}"`)
}

function request(args: readonly string[]): Request {
  const { settings, words } = tokenise(args)
  const [name, ...operands] = words
  if (settings.help) return { kind: 'help', command: name && isCommandName(name) ? name : undefined }
  if (settings.version) return { kind: 'version' }
  const known = Object.keys(commands).join(', ')
  if (name === undefined) throw new UsageError(`a command is missing: ${known}`)
  if (!isCommandName(name)) throw new UsageError(`unknown command "${name}"; known are ${known}`)
  const command: Command = commands[name]
  checkOptions(name, command, settings)
  checkOperands(name, command, operands)
  return { kind: 'run', command: name, settings, operands, load: command.prepare(settings, operands) }
}

/** Reads the arguments behind `rxpeer`. Does nothing but read. */
export function parseArguments(args: readonly string[]): Request {
  try {
    return request(args)
  } catch (error) {
    if (error instanceof UsageError) return { kind: 'usage', message: error.message }
    throw error
  }
}
