/**
 * Makes an error without a stack of calls: who ends a peer is a socket or a timer, and the frames would name us alone. To
 * collect them takes an eighth of the time of a connection that is opened, shakes hands and is closed (measured). What
 * is behind an end is in its `cause`, which has frames of its own.
 */
export function withoutFrames<E extends Error>(make: () => E): E {
  const limit = Error.stackTraceLimit
  // Where somebody has frozen what is built in, there are frames.
  const limited = Reflect.set(Error, 'stackTraceLimit', 0)
  try {
    return make()
  } finally {
    if (limited) Error.stackTraceLimit = limit
  }
}
