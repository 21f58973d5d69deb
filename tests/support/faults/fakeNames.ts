/** Host names for one process: `dns.lookup` gives addresses of our own, for names that no resolver here has. */
import dns from "node:dns";
import { isIP } from "node:net";

export interface FakeNames {
  /** The names that were looked up, in order. */
  readonly lookups: readonly string[];
  restore(): void;
}

type Callback = (error: Error | null, found: unknown, family?: number) => void;

/** @param resolve - the addresses of a name; `undefined` leaves it to the system */
export function fakeNames(resolve: (name: string, at: number) => readonly string[] | undefined): FakeNames {
  const real = dns.lookup;
  const lookups: string[] = [];
  const fake = (name: string, options: { readonly all?: boolean }, callback: Callback): void => {
    const addresses = resolve(name, lookups.length);
    lookups.push(name);
    if (addresses === undefined) {
      (real as unknown as typeof fake)(name, options, callback);
      return;
    }
    const found = addresses.map((address) => ({ address, family: isIP(address) }));
    if (options.all === true) process.nextTick(callback, null, found);
    else process.nextTick(callback, null, found[0]?.address, found[0]?.family);
  };
  (dns as { lookup: unknown }).lookup = fake;
  return { lookups, restore: () => void (dns.lookup = real) };
}
