/** The owner of archives. */

/** The identity of a resource in its program, used for name templates and for the series of its archives. */
export interface Owner {
  readonly organization: string;
  readonly project: string;
  readonly stack: string;
  readonly name: string;
  /** The series its archives belong to. Default: `organization/project/stack/name`. */
  readonly series?: string;
}
