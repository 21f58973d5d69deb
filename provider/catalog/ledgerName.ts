/** The names of retention's ledgers, which `retention/ledger.ts` writes and listings leave out. */

/** What such a key ends with. */
export const LEDGER_NAME = /\.consul-snapshot-[0-9a-f]{16}\.retention\.json$/;

/** @param digits - 16 hexadecimal digits, of the series. The name begins with a dot and does not end like an archive's */
export function ledgerName(digits: string): string {
  return `.consul-snapshot-${digits}.retention.json`;
}
