/** Whether a string can be an ACL token: any valid header value. */
export function isToken(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text);
}
