/**
 * A test that has no meaning here: what it is about does not exist in this store or system. The runner lists it apart
 * from skipped tests, which are those that this machine should be able to run and cannot.
 *
 * @param reason - a clause, such as "it has no credentials"
 */
export function notApplicable(title: string, reason: string): void {
  // tools/lib/reporter.cjs recognizes the ending.
  it.skip(`${title} (not applicable: ${reason})`);
}
