/** How the command lets an archive be overwritten, as hints say it. */
export const OVERWRITE = "add --overwrite";
