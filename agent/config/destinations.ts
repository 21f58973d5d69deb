/** The destinations of a configuration, as locations with credentials. */

import { compact } from "../../provider/compact";
import { SnapshotError } from "../../provider/errors";
import type { Policy } from "../../provider/retention/policy";
import type { StoreCredentials } from "../../provider/store/credentials";
import { formatLocation, type Location, parseLocation, serverSettings } from "../../provider/store/location";
import { fixedFolder, hasPlaceholders, namesDiffer } from "../../provider/store/nameTemplate";
import type { Schedule } from "../schedule";
import type { Document, Values } from "./document";
import { type DestinationKind, DESTINATIONS } from "./destinationKeys";
import { Lookup, type SecretSources } from "./lookup";
import { readSchedule } from "./readSchedule";

/** The names of HashiCorp's agent. */
const DROP_IN_NAME = "consul-{nanoseconds}.snap";

const SERIES_OF_AGENTS = "consul-snapshot-agent/";

/** The service of the agents whose series this is; `undefined` for a series of others. */
export function serviceOf(series: string): string | undefined {
  return series.startsWith(SERIES_OF_AGENTS) ? series.slice(SERIES_OF_AGENTS.length) : undefined;
}

const AZURE_DOMAINS: Readonly<Record<string, string | undefined>> = {
  AZUREPUBLICCLOUD: undefined,
  AZURECHINACLOUD: "blob.core.chinacloudapi.cn",
  AZUREGERMANCLOUD: "blob.core.cloudapi.de",
  AZUREUSGOVERNMENTCLOUD: "blob.core.usgovcloudapi.net",
};

export interface Destination {
  readonly kind: DestinationKind;
  /** Its name in metrics, logs and status. Free of secrets. */
  readonly name: string;
  readonly target: Location;
  /** Identifies the archives of its series at its target, over changes of the configuration. */
  readonly place: string;
  readonly credentials: StoreCredentials;
  /** Whether each archive replaces the last one. */
  readonly overwrite: boolean;
  /** Whether archives are named like those of HashiCorp's agent. If so, retention also counts that agent's archives. */
  readonly dropIn: boolean;
  readonly recipients?: readonly string[];
  readonly retention: Policy;
  /** The key that sets `retention`. */
  readonly retainedBy: "retain" | "retention";
  readonly series: string;
  /** Default: the common schedule. */
  readonly schedule?: Schedule;
}

interface Common {
  readonly retain: number;
  readonly service: string;
  /** The time zone of cron expressions. */
  readonly timeZone: string;
}

/** Converts the keys of one kind of destination; returns `undefined` if it is not configured. */
type Place = (values: Lookup) => Placed | undefined;

interface Placed {
  readonly target: string;
  readonly credentials: StoreCredentials;
  readonly overwrite?: boolean;
  readonly dropIn: boolean;
}

const PLACES: Readonly<Record<DestinationKind, Place>> = {
  local_storage: (values) => {
    const path = (values.text("path") ?? ".").replace(/\/*$/, "/");
    return { target: `${path}${DROP_IN_NAME}`, credentials: {}, dropIn: true };
  },
  aws_storage: placeInAws,
  azure_blob_storage: placeInAzure,
  google_storage: (values) => {
    const bucket = values.text("bucket");
    if (bucket === undefined) return undefined;
    return {
      target: `gs://${bucket}/${DROP_IN_NAME}${queryOf({ endpoint: values.text("endpoint") })}`,
      credentials: { google: compact({ credentialsFile: values.text("credentials_file") }) },
      dropIn: true,
    };
  },
  targets: (values) => {
    const target = values.text("target");
    if (target === undefined) values.refuse(`${values.label("target")} is required`);
    return target === undefined ? undefined : { target, credentials: {}, dropIn: false };
  },
};

/**
 * All destinations, in the order of the table: those of `backup_destinations`, then the single ones. As in HashiCorp's agent, a
 * single local folder is ignored if there are other destinations, and is the working directory if there are none.
 */
export function destinationsOf(
  document: Document,
  common: Common,
  sources: SecretSources,
  problems: string[],
): readonly Destination[] {
  const kinds = Object.keys(DESTINATIONS) as DestinationKind[];
  const read = (kind: DestinationKind, label: string, values: Values): Destination | undefined =>
    destinationOf(kind, new Lookup(label, DESTINATIONS[kind], values, sources, problems), common);
  const listed = kinds.flatMap((kind) =>
    (document.lists[kind] ?? []).flatMap((values, at) => read(kind, `${kind}[${at}].`, values) ?? []),
  );
  const single = kinds
    .filter((kind) => kind !== "local_storage")
    .flatMap((kind) => {
      const values = document.single[kind];
      return values === undefined ? [] : (read(kind, `${kind}.`, values) ?? []);
    });
  const others = [...listed, ...single];
  const local =
    others.length > 0 ? undefined : read("local_storage", "local_storage.", document.single.local_storage ?? {});
  const all = local === undefined ? others : [...others, local];
  checkNames(all, problems);
  return all;
}

function destinationOf(kind: DestinationKind, values: Lookup, common: Common): Destination | undefined {
  const placed = PLACES[kind](values);
  if (placed === undefined) return undefined;
  const overwrite = placed.overwrite ?? false;
  const target = locationOf(placed.target, overwrite, placed.dropIn, values);
  if (target === undefined) return undefined;
  const schedule = readSchedule(values, common.timeZone);
  if (schedule === "once") values.refuse(`${values.label("interval")} must be at least 1s`);
  const series = SERIES_OF_AGENTS + common.service;
  return {
    kind,
    name: values.text("name") ?? formatLocation({ ...target, settings: new Map() }, fixedFolder(target.key)),
    target,
    place: `${formatLocation({ ...target, settings: serverSettings(target) })} ${series}`,
    credentials: placed.credentials,
    overwrite,
    dropIn: placed.dropIn && !overwrite,
    retention: overwrite ? {} : retentionOf(values, common.retain),
    retainedBy: values.has("retention") ? "retention" : "retain",
    series,
    ...compact({ recipients: values.list("recipients"), schedule: schedule === "once" ? undefined : schedule }),
  };
}

function retentionOf(values: Lookup, retain: number): Policy {
  const own = values.policy("retention");
  if (own !== undefined) return own;
  const count = values.optionalNumber("retain") ?? retain;
  return count === 0 ? {} : { keepLast: count };
}

function locationOf(target: string, overwrite: boolean, dropIn: boolean, values: Lookup): Location | undefined {
  try {
    const location = parseLocation(target);
    if (dropIn && !overwrite && hasPlaceholders(location.key.replace(DROP_IN_NAME, ""))) {
      values.refuse(`${values.label()} contains a brace: specify it in targets, whose names may have placeholders`);
    }
    if (!overwrite && !namesDiffer(location.key)) {
      values.refuse(
        `${values.label("target")} would be the same for every snapshot: end it with /, or add {timestamp}`,
      );
    }
    return location;
  } catch (error) {
    if (!(error instanceof SnapshotError)) throw error;
    values.refuse(`${values.label()}: ${error.message}. ${error.hint}`);
    return undefined;
  }
}

function placeInAws(values: Lookup): Placed | undefined {
  const bucket = values.text("s3_bucket");
  if (bucket === undefined) return undefined;
  const accessKeyId = values.text("access_key_id");
  const secretAccessKey = values.text("secret_access_key");
  if ((accessKeyId === undefined) !== (secretAccessKey === undefined)) {
    values.refuse(
      `${values.label("access_key_id")} and ${values.label("secret_access_key")} belong together: set both, or neither`,
    );
  }
  const roleArn = values.text("role_arn");
  const webIdentityTokenFile = values.text("web_identity_token_file");
  if (webIdentityTokenFile !== undefined && roleArn === undefined) {
    values.refuse(`${values.label("web_identity_token_file")} needs ${values.label("role_arn")}`);
  }
  const staticName = values.text("s3_static_snapshot_name");
  const prefix = (values.text("s3_key_prefix") ?? "").replaceAll(/^\/+|\/+$/g, "");
  const isKms = values.flag("s3_enable_kms");
  const query = queryOf({
    region: values.text("s3_region"),
    endpoint: values.text("s3_endpoint"),
    use_path_style: values.flag("s3_force_path_style") ? "true" : undefined,
    sse: isKms ? "aws:kms" : values.flag("s3_server_side_encryption") ? "AES256" : undefined,
    kmsKeyId: isKms ? values.text("s3_kms_key") : undefined,
  });
  return {
    target: `s3://${bucket}/${staticName ?? `${prefix === "" ? "" : `${prefix}/`}${DROP_IN_NAME}`}${query}`,
    credentials: {
      aws: compact({
        accessKeyId,
        secretAccessKey,
        sessionToken: values.text("session_token"),
        roleArn,
        roleSessionName: values.text("role_session_name"),
        webIdentityTokenFile,
        stsEndpoint: values.text("sts_endpoint"),
      }),
    },
    overwrite: staticName !== undefined,
    dropIn: true,
  };
}

function placeInAzure(values: Lookup): Placed | undefined {
  const container = values.text("container_name");
  if (container === undefined) return undefined;
  const environment = (values.text("environment") ?? "").toUpperCase();
  if (!Object.hasOwn(AZURE_DOMAINS, environment)) {
    values.refuse(`${values.label("environment")} must be one of ${Object.keys(AZURE_DOMAINS).join(", ")}`);
  }
  const principal = [
    values.text("tenant_id"),
    values.text("service_principal_id"),
    values.text("service_principal_secret"),
  ];
  const [tenantId, clientId, clientSecret] = principal;
  const isPrincipal = tenantId !== undefined && clientId !== undefined && clientSecret !== undefined;
  if (!isPrincipal && principal.some((part) => part !== undefined)) {
    values.refuse(
      `${values.label("service_principal_id")}, ${values.label("service_principal_secret")} and ${values.label("tenant_id")} belong together: set all of them`,
    );
  }
  const accountKey = values.text("account_key");
  const account = values.text("account_name");
  if (accountKey !== undefined && account === undefined)
    values.refuse(`${values.label("account_key")} needs ${values.label("account_name")}`);
  const query = queryOf({ storage_account: account, domain: AZURE_DOMAINS[environment] });
  return {
    target: `azblob://${container}/${DROP_IN_NAME}${query}`,
    credentials: {
      azure: compact({
        accountKey,
        servicePrincipal: isPrincipal ? { tenantId, clientId, clientSecret } : undefined,
      }),
    },
    dropIn: true,
  };
}

function queryOf(settings: Readonly<Record<string, string | undefined>>): string {
  const query = new URLSearchParams(compact(settings) as Record<string, string>).toString();
  return query === "" ? "" : `?${query}`;
}

/** Metrics and status need a unique name for each destination. */
function checkNames(destinations: readonly Destination[], problems: string[]): void {
  const seen = new Set<string>();
  for (const { name } of destinations) {
    if (seen.has(name)) problems.push(`two destinations are called ${name}: give each a name of its own`);
    seen.add(name);
  }
}
