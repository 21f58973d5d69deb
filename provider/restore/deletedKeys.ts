/**
 * Deleted keys and prefixes: a recursive delete leaves one tombstone, which looks like that of a single key. Add all of
 * them before the first query.
 */
export class DeletedKeys {
  private keys: string[] = [];
  /** Sorted, without keys that another one covers. So only the entry before a key's sort position can cover it. */
  private roots: readonly string[] | undefined;

  add(key: string): void {
    this.keys.push(key);
  }

  /** Whether the key, or a prefix of it, was deleted. */
  covers(key: string): boolean {
    this.roots ??= rootsOf(this.keys);
    let from = 0;
    let to = this.roots.length;
    while (from < to) {
      const middle = (from + to) >> 1;
      if ((this.roots[middle] as string) <= key) from = middle + 1;
      else to = middle;
    }
    const root = this.roots[from - 1];
    return root !== undefined && key.startsWith(root);
  }
}

function rootsOf(keys: readonly string[]): string[] {
  const roots: string[] = [];
  for (const key of keys.toSorted()) {
    const last = roots.at(-1);
    if (key !== "" && (last === undefined || !key.startsWith(last))) roots.push(key);
  }
  return roots;
}
