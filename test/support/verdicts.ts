import { expect } from 'vitest'
import type { State } from '../../src/peer/conversation-state.js'
import { btcdPolicy, corePolicy } from '../../src/peer/policy.js'

// How the tables of what a conversation does are written and checked. Their cells:
//
//   D        the constant DELIVER
//   ·        the constant DROP
//   X CODE   closed, with this code and no reject
//   R CODE   rejecting: the timer of the handshake is stopped where it runs, the reject is sent, and the conversation closes
//            with this code when it is written
//   =        as in the cell before
//   other    the phase and what was learned, a colon, and the effects in their order
//
// X and R without a code stand for the name of their row.

export type Phase = State['phase']

/** The phases in which a remote is listened to. */
export const talking: readonly Phase[] = ['greeting', 'judging', 'answering', 'ready']

/** The policies by the names of the tables. */
export const policies = { btcd: btcdPolicy, core: corePolicy }

/** Rows of cells between bars. */
export function table(text: string): string[][] {
  return text
    .trim()
    .split('\n')
    .map(line => line.split('|').map(cell => cell.trim()))
}

/** A cell in the words of `inWords`. */
export function expectation(cell: string, code = '', phase?: Phase): string {
  const [word = '', named = code] = cell.split(' ')
  if (cell === 'D') return 'DELIVER'
  if (cell === '·') return 'DROP'
  if (word === 'X') return `closed: close ${named}`
  if (word === 'R') {
    return `rejecting ${named}: ${phase === 'ready' ? '' : 'disarm handshake, '}reject, arm reject`
  }
  return cell
}

export function isPolicy(name: string): name is keyof typeof policies {
  return name in policies
}

/** Checks a row against what follows from an event in each phase. */
export function check(
  cells: readonly string[],
  phases: readonly Phase[],
  code: string,
  stepAt: (phase: Phase) => string,
) {
  let before = ''
  for (const [column, phase] of phases.entries()) {
    const cell = cells[column] ?? '='
    if (cell !== '=') before = cell
    expect(`${phase} → ${stepAt(phase)}`).toBe(`${phase} → ${expectation(before, code, phase)}`)
  }
}

/** A name, and the protocol version of the remote where that is not 70016. */
export function named(label: string): [string, number] {
  const [, name = label, version = '70016'] = / at (\d+)$/.test(label)
    ? (/^(.*) at (\d+)$/.exec(label) ?? [])
    : []
  return [name, Number(version)]
}
