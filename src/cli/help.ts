import { type Command, commonOptions } from './command.js'
import { type CommandName, commands } from './commands.js'
import { type OptionName, options } from './options.js'

const rows: readonly (readonly [CommandName, Command])[] = [
  ['watch', commands.watch],
  ['listen', commands.listen],
  ['demo', commands.demo],
]
