/** Parses the address on which the endpoints are served. Pure. */

export type ListenAddress =
  | { readonly kind: "socket"; readonly path: string }
  /** Port 0 means any free port. */
  | { readonly kind: "port"; readonly host: string; readonly port: number };

/**
 * @param text - `host:port`, `:port` for loopback, or `unix:///path`
 * @returns `undefined` if it is invalid
 */
export function parseListenAddress(text: string): ListenAddress | undefined {
  const [, path] = /^unix:\/\/(\/.+)$/.exec(text) ?? [];
  if (path !== undefined) return { kind: "socket", path };
  const [, host, port] = /^(?:http:\/\/)?(\[[\da-f:.]+\]|[^\s:/[\]]*):(\d{1,5})$/i.exec(text) ?? [];
  if (host === undefined || Number(port) > 65_535) return undefined;
  return { kind: "port", host: host.replaceAll(/[[\]]/g, "") || "127.0.0.1", port: Number(port) };
}

export function formatListenAddress(address: ListenAddress): string {
  if (address.kind === "socket") return `unix://${address.path}`;
  const { host, port } = address;
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}
