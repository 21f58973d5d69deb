/** The options of the connection. They have Consul's names and override `CONSUL_*`. Tokens are never options. */

import { compact } from "../../provider/compact";
import { CONNECTION, type ConnectionArgs } from "../../provider/args/tables/connection";
import type { OptionTable, OptionValues } from "../description/option";

export const connectionOptions = {
  httpAddr: {
    value: "ADDRESS",
    doc: "the address of Consul, as the consul command takes it",
    environment: CONNECTION.address.environment.variable,
    argument: "connection.address",
  },
  datacenter: { value: "NAME", doc: "the datacenter, if it is not the agent's own", argument: "connection.datacenter" },
  tokenFile: {
    value: "FILE",
    doc: "a file that contains the ACL token, which needs acl:write",
    environment: CONNECTION.tokenFile.environment.variable,
    argument: "connection.tokenFile",
  },
  caFile: {
    value: "FILE",
    doc: "the certificate authority of the server, in PEM",
    environment: CONNECTION.caFile.environment.variable,
    argument: "connection.caFile",
  },
  caPath: {
    value: "FOLDER",
    doc: "the same as a folder of PEM files",
    environment: CONNECTION.caPath.environment.variable,
    argument: "connection.caPath",
  },
  clientCert: {
    value: "FILE",
    doc: "the client certificate, in PEM",
    environment: CONNECTION.certFile.environment.variable,
    argument: "connection.certFile",
  },
  clientKey: {
    value: "FILE",
    doc: "the private key of the client certificate, in PEM",
    environment: CONNECTION.keyFile.environment.variable,
    argument: "connection.keyFile",
  },
  tlsServerName: {
    value: "NAME",
    doc: "the name to expect in the server's certificate",
    environment: CONNECTION.tlsServerName.environment.variable,
    argument: "connection.tlsServerName",
  },
} as const satisfies OptionTable;

/** Converts the options to connection settings. */
export function connectionArgs(values: OptionValues<typeof connectionOptions>): ConnectionArgs {
  return compact({
    address: values.httpAddr,
    datacenter: values.datacenter,
    tokenFile: values.tokenFile,
    caFile: values.caFile,
    caPath: values.caPath,
    certFile: values.clientCert,
    keyFile: values.clientKey,
    tlsServerName: values.tlsServerName,
  });
}
