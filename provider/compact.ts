/** Objects without their undefined properties. */

/** A property that may be undefined becomes one that may be absent. */
export type Compact<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/**
 * Removes undefined properties: `exactOptionalPropertyTypes` distinguishes them from absent ones, and Pulumi fails a
 * create whose outputs contain one.
 */
export function compact<const T extends object>(value: T): Compact<T> {
  return Object.fromEntries(Object.entries(value).filter(([, inner]) => inner !== undefined)) as Compact<T>;
}
