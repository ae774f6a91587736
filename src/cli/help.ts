import { type Command, commonOptions } from './command.js'
import { type CommandName, commands } from './commands.js'
import { type OptionName, options } from './options.js'

/** Two columns. */
function table(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`)
}

const usage = (name: string, { operands }: Command): string => [name, ...operands].join(' ')

function optionRow(name: OptionName): readonly [string, string] {
  const { short, value, help } = options[name]
  return [
    `${short === undefined ? '    ' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`,
    help,
  ]
}

const endings = [
  'Exit status: 0 when ended by --count, --for or Ctrl-C, 1 when the connection fails or the remote ends it,',
  '2 for arguments that make no sense.',
]

function commandHelp(name: CommandName): string[] {
  const command: Command = commands[name]
  return [
    `Usage: rxpeer ${usage(name, command)} [options]`,
    '',
    `${command.summary.charAt(0).toUpperCase()}${command.summary.slice(1)}.`,
    ...(command.details ?? []),
    '',
    'Options:',
    ...table([...command.options, ...commonOptions].map(optionRow)),
    '',
    ...endings,
  ]
}

function overview(): string[] {
  const all: readonly Command[] = Object.values(commands)
  const rows = Object.entries(commands).map(
    ([name, command]) => [usage(name, command), command.summary] as const,
  )
  const own = [...new Set(all.flatMap(command => command.options))]
  return [
    'Usage: rxpeer COMMAND [options]',
    '',
    'Talks to nodes of the Bitcoin network and prints what they say.',
    '',
    'Commands:',
    ...table(rows),
    '',
    'Options:',
    ...table([...own, ...commonOptions].map(optionRow)),
    '',
    'rxpeer COMMAND --help tells more of a command.',
    ...endings,
  ]
}

/** The help of a command, or of all. */
export function helpText(command: CommandName | undefined): string {
  return (command === undefined ? overview() : commandHelp(command)).join('\n')
}
