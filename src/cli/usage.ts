/** Arguments that make no sense; the message is one line for the person who typed them. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** A command that could not do its work; the message is one line for people. */
export class Failure extends Error {
  override readonly name = 'Failure'
}
