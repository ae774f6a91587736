/**
 * Does what must not keep others from their turn. What it throws comes from a user's own finalizer or transport while
 * something ends, and has no one to go to: the end itself is told.
 */
export function attempt(work: () => void): void {
  try {
    work()
  } catch {}
}
