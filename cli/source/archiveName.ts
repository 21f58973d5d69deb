/** Recognizes an archive without a manifest by its name. */

/** Names of this package, of `consul snapshot save` and its documentation, of the Enterprise agent, and age's ending. */
const ARCHIVE_NAME = /\.(snap|tgz|tar\.gz)(\.age)?$/;

export function isArchiveName(key: string): boolean {
  return ARCHIVE_NAME.test(key);
}
