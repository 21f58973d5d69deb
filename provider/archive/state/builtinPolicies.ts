/**
 * Whether a server with ACLs can lead after a restore. A new leader writes the built-in policies unless they are there with its
 * own rules. It gives up its leadership if another policy has the name of one of them: "failed to create global-management
 * policy: A policy with name … already exists". The cluster then has no leader (tried with 1.12.9, 1.13.9 and 1.14.11).
 */

import type { NameBudget } from "./nameBudget";
import { foldCase, keyOf } from "./nodeNames";
import { StructFields } from "./structFields";

/** By id. Users can rename them. Only 1.14.11 and later have the second one; no user can name a policy so (`structs/acl.go`). */
const BUILTIN: ReadonlyMap<string, string> = new Map([
  ["00000000-0000-0000-0000-000000000001", "global-management"],
  ["00000000-0000-0000-0000-000000000002", "builtin/global-read-only"],
]);

export interface PolicyClash {
  /** Where the record of the other policy begins. */
  readonly offset: number;
  /** Whether the other policy has a namespace or a partition: then Consul Enterprise distinguishes the two. */
  readonly isTenant: boolean;
}

export class BuiltinPolicies {
  /** The policies by name. Two with different ids are enough, and one with a namespace or a partition. */
  private readonly byName = new Map<string, Policy[]>();
  /** The names of the built-in policies, by id. */
  private readonly names = new Map(BUILTIN);

  /** @param budget - limits the names that are remembered */
  constructor(private readonly budget: NameBudget) {}

  /**
   * Adds a policy.
   *
   * @param value - of its record, whose fields are valid
   */
  add(value: Buffer, isTenant: boolean, offset: number): void {
    const fields = new StructFields(value, 0);
    const id = fields.text("ID").toLowerCase();
    const name = foldCase(fields.text("Name"));
    if (BUILTIN.has(id) && !isTenant) this.names.set(id, name);
    const key = keyOf(name);
    const known = this.byName.get(key) ?? [];
    const idKey = keyOf(id);
    const alike = known.filter((policy) => policy.isTenant === isTenant);
    if (alike.length === (isTenant ? 1 : 2) || alike.some((policy) => policy.idKey === idKey)) return;
    if (this.budget.take(2)) this.byName.set(key, [...known, { idKey, isTenant, offset }]);
  }

  /** A policy that has the name of a built-in one. */
  get clash(): PolicyClash | undefined {
    const clashes = [...this.names].flatMap(([id, name]) =>
      (this.byName.get(keyOf(foldCase(name))) ?? []).filter((policy) => policy.idKey !== keyOf(id) || policy.isTenant),
    );
    return clashes.find(({ isTenant }) => !isTenant) ?? clashes[0];
  }
}

interface Policy extends PolicyClash {
  readonly idKey: string;
}
