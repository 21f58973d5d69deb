import type { ConnectionArgs } from "../../provider/consul/connection";

/** The keys that make up the connection to Consul, as hints call them: a file or a flag sets them. */
export const CONNECTION_KEYS = {
  address: "http_addr",
  token: "token",
  tokenFile: "token_file",
  datacenter: "datacenter",
  caFile: "ca_file",
  caPath: "ca_path",
  certFile: "cert_file",
  keyFile: "key_file",
  tlsServerName: "tls_server_name",
} as const satisfies Partial<Record<keyof ConnectionArgs, string>>;
