/** The settings of a connection to Consul. */

import type { Table, Written } from "./row";

/** Stack configuration sets a setting as `consul:NAME`, the names of the `@pulumi/consul` provider. */
export const CONNECTION_NAMESPACE = "consul";

export const CONNECTION = {
  address: {
    kind: { type: "string" },
    default: "127.0.0.1:8500",
    environment: { variable: "CONSUL_HTTP_ADDR" },
    option: "--http-addr",
    effect: "replace",
    documentation:
      "`host:port`, a URL (`https://consul.example/prefix`), or `unix:///path`. As in every URL, a host without a port means 80, or 443 for https. `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` are honored as the `consul` command honors them.",
  },
  scheme: {
    kind: { type: "choice", choices: ["http", "https"] },
    without: 'that of the address, else `"http"`',
    environment: { variable: "CONSUL_HTTP_SSL", values: { true: "https" } },
    effect: "replace",
    documentation: "The protocol of Consul's HTTP API.",
  },
  token: {
    kind: { type: "string" },
    environment: { variable: "CONSUL_HTTP_TOKEN" },
    secret: true,
    effect: "none",
    documentation: 'An ACL token; a snapshot needs the rule `acl = "write"`.',
  },
  tokenFile: {
    kind: { type: "string" },
    environment: { variable: "CONSUL_HTTP_TOKEN_FILE" },
    option: "--token-file",
    effect: "none",
    documentation: "A file that contains the token; takes precedence over `token`.",
  },
  datacenter: {
    kind: { type: "string" },
    without: "that of the agent",
    option: "--datacenter",
    effect: "replace",
    documentation: "The datacenter to ask.",
  },
  httpAuth: {
    kind: { type: "string" },
    environment: { variable: "CONSUL_HTTP_AUTH" },
    secret: true,
    effect: "none",
    documentation: "Basic authentication for a proxy in front of Consul, `user` or `user:password`.",
  },
  caFile: {
    kind: { type: "string" },
    without: "the authorities of Node.js",
    environment: { variable: "CONSUL_CACERT" },
    option: "--ca-file",
    effect: "none",
    documentation: "The authorities that may have signed the server's certificate, a PEM file.",
  },
  caPem: {
    kind: { type: "string" },
    effect: "none",
    documentation: "The authorities as PEM text, in place of `caFile`.",
  },
  caPath: {
    kind: { type: "string" },
    environment: { variable: "CONSUL_CAPATH" },
    option: "--ca-path",
    effect: "none",
    documentation: "The authorities as a folder of PEM files, in place of `caFile`.",
  },
  certFile: {
    kind: { type: "string" },
    environment: { variable: "CONSUL_CLIENT_CERT" },
    option: "--client-cert",
    effect: "none",
    documentation: "The client's certificate, a PEM file; needs a key.",
  },
  certPem: {
    kind: { type: "string" },
    // A certificate alone is public, but this text may contain its key as well: such a bundle works, and is common.
    secret: true,
    effect: "none",
    documentation: "The client's certificate as PEM text, in place of `certFile`.",
  },
  keyFile: {
    kind: { type: "string" },
    environment: { variable: "CONSUL_CLIENT_KEY" },
    option: "--client-key",
    effect: "none",
    documentation: "The client's private key, a PEM file without a passphrase.",
  },
  keyPem: {
    kind: { type: "string" },
    secret: true,
    effect: "none",
    documentation: "The client's private key as PEM text, in place of `keyFile`.",
  },
  tlsServerName: {
    kind: { type: "string" },
    without: "the host",
    environment: { variable: "CONSUL_TLS_SERVER_NAME" },
    option: "--tls-server-name",
    effect: "none",
    documentation: "The name to expect in the server's certificate.",
  },
  insecureHttps: {
    kind: { type: "boolean" },
    default: false,
    environment: { variable: "CONSUL_HTTP_SSL_VERIFY", values: { true: false, false: true } },
    effect: "none",
    documentation: "Accept any certificate.",
  },
  headers: {
    kind: { type: "list", of: { type: "object", noun: "header" } },
    secret: true,
    effect: "none",
    documentation:
      "Additional request headers, such as a proxy in front of Consul requires. Headers that this package sends itself (`X-Consul-Token`, `Host`, …) are refused. In stack configuration, JSON of the same form.",
  },
  namespace: {
    kind: { type: "string" },
    environment: { variable: "CONSUL_NAMESPACE" },
    effect: "none",
    documentation: "The namespace; Consul Enterprise only.",
  },
  partition: {
    kind: { type: "string" },
    environment: { variable: "CONSUL_PARTITION" },
    effect: "none",
    documentation: "The admin partition; Consul Enterprise only.",
  },
  config: {
    kind: { type: "string" },
    default: CONNECTION_NAMESPACE,
    configuration: false,
    dynamicOnly: true,
    effect: "replace",
    documentation:
      "The configuration namespace to read, for programs with several clusters: with `east`, the settings are `east:address`, `east:token`, …. Environment variables then do not apply: `CONSUL_*` describes one cluster, and its token must not reach another. So the address is required, as an argument or as `east:address`.",
  },
  connectTimeout: {
    kind: { type: "timeout" },
    default: "30s",
    effect: "none",
    documentation: "How long connecting may take.",
  },
  firstByteTimeout: {
    kind: { type: "timeout" },
    default: "30m",
    effect: "none",
    documentation:
      "How long the server may take to send its first byte; Consul compresses the whole snapshot before that.",
  },
  idleTimeout: {
    kind: { type: "timeout" },
    default: "2m",
    effect: "none",
    documentation:
      "How long the server may be silent between bytes, and over what time it must send at least 1 kB/s. Slow consumers do not trigger it.",
  },
} as const satisfies Table;

export type SettingName = keyof typeof CONNECTION;

/** The settings as a program writes them, all of them known. */
export type ConnectionArgs = {
  readonly [Name in SettingName]?: Written<(typeof CONNECTION)[Name]["kind"]>;
};

/** One of the `headers`. */
export const HEADER = {
  name: { kind: { type: "string" }, required: true, documentation: "The header's name." },
  value: { kind: { type: "string" }, required: true, secret: true, documentation: "The header's value." },
} as const satisfies Table;
