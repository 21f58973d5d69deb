/** Versions of Consul, by their first two numbers. */

/** 1.13 is [1, 13]. */
export type Version = readonly [major: number, minor: number];

/** @returns nothing if the text is not a version, or more than one */
export function parseVersion(text: string): Version | undefined {
  const [, major, minor] = /^v?(\d{1,9})\.(\d{1,9})(?!\d)[\w.+-]*$/.exec(text.trim()) ?? [];
  return major === undefined || minor === undefined ? undefined : [Number(major), Number(minor)];
}

export function isEqual(one: Version, other: Version): boolean {
  return one[0] === other[0] && one[1] === other[1];
}

export function isBefore([major, minor]: Version, [otherMajor, otherMinor]: Version): boolean {
  return major < otherMajor || (major === otherMajor && minor < otherMinor);
}
