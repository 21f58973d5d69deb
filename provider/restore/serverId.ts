/** The Raft id of a server: a UUID, or with Raft protocol 2 its address. @returns whether a text can be one */
export function isServerId(text: string): boolean {
  return /^[\w.:[\]%-]{1,255}$/.test(text);
}
