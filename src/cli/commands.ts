import type { Command } from './command.js'
import { demo } from './demo.js'
import { listen } from './listen.js'
import { watch } from './watch.js'

/** THE table of subcommands: a new one is a file and a row here. Its options are rows in options.ts. */
export const commands = { watch, listen, demo } as const satisfies Record<string, Command>

export type CommandName = keyof typeof commands

export function isCommandName(name: string): name is CommandName {
  return Object.hasOwn(commands, name)
}
