import { setImmediate } from 'node:timers/promises'

/** Waits until `check` holds, a turn of the event loop at a time; the test's own timeout ends a wait in vain. */
export async function eventually(check: () => boolean): Promise<void> {
  while (!check()) await setImmediate()
}

/** Lets everything that is due on the event loop happen, `turns` times over. For what must NOT happen. */
export async function turns(count = 20): Promise<void> {
  for (let i = 0; i < count; i += 1) await setImmediate()
}
