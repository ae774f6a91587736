/** Satoshi that there can ever be (Core `MAX_MONEY`). */
export const MAX_MONEY = 2_100_000_000_000_000n

/**
 * Whether a number of satoshi is an amount or a fee rate at all: from 0 to {@link MAX_MONEY} (Core `MoneyRange`). The
 * wire has 64 signed bits for it, so a remote can send any; Core ignores a feefilter outside.
 */
export function isMoney(satoshi: bigint): boolean {
  return satoshi >= 0n && satoshi <= MAX_MONEY
}
