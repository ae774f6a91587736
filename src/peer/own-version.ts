/** The version of this package, as it stands in the user agent; a test keeps it equal to package.json. */
export const RXPEER_VERSION = '0.1.0'
