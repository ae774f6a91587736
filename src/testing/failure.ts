/**
 * What `#` stands for in a diagram: an error that equals every other of its name and code, whatever message, stats and
 * cause that has.
 * @param code - such as `remote-closed` or `idle-timeout`
 * @param name - default `PeerError`; others are `RequestError`, `WireError`, `TransportError` and `BehaviorError`
 * @example expectObservable(inv$).toBe('--#', {}, failure('remote-closed'))
 */
export function failure(code: string, name = 'PeerError'): Error & { readonly code: string } {
  return Object.assign(new Error(code), { name, code })
}
