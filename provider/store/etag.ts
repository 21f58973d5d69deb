/**
 * Normalizes an ETag to the quoted, strong form. Servers write the same ETag in different forms: NetApp ONTAP and some
 * versions of Ceph list it without quotes but return it quoted in HEAD, Azure lists it without quotes, and proxies that
 * compress responses make it weak (`W/"…"`) or add a suffix (Apache's mod_deflate `-gzip`, Jetty `--gzip`). Some
 * servers escape the quotes in a listing twice. `If-Match` requires the normalized form, too.
 */
export function normalizeEtag(etag: string | undefined): string {
  const bare = (etag ?? "")
    .trim()
    .replace(/^W\//i, "")
    .replaceAll(/"|&quot;/g, "");
  return `"${bare.replace(/--?(gzip|br)$/, "")}"`;
}
