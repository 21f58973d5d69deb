// eslint-disable-next-line @typescript-eslint/no-restricted-imports -- part of Node.js, light, and does no I/O
import { AsyncResource } from "node:async_hooks";
import * as pulumi from "@pulumi/pulumi";
import type { CleanLines } from "../provider/text";
import type { EngineChannel } from "../provider/hosts/hook/shutdown";
import type { ConsulSnapshotArgs } from "./args";
import { isUnitTest, ownerOf } from "./resource";

/** The arguments of ConsulSnapshot that make sense for a snapshot that is not stored in state. */
export type SnapshotBeforeArgs = Pick<
  ConsulSnapshotArgs,
  "target" | "connection" | "consistency" | "maxStaleness" | "overwrite" | "retention" | "encryption" | "series"
>;

const NO_HOOKS =
  "snapshotBefore needs resource hooks, which the Pulumi language host for Node.js (pulumi-language-nodejs) or the " +
  "package @pulumi/pulumi here does not have: upgrade both, or make a ConsulSnapshot with triggers: [what changes] and " +
  "let the other resource dependsOn it";

/** The operation on the other resource before which a snapshot is taken. */
export type SnapshotBeforeEvent = "create" | "update" | "delete";

const EVENTS: readonly unknown[] = ["create", "update", "delete"] satisfies SnapshotBeforeEvent[];
/** The names used in each run of a program, by its connection to the engine: one process can run several. */
const namesOfRuns = new WeakMap<object, Set<string>>();

/**
 * Hooks for another resource's options, which take a snapshot just before that resource is updated:
 *
 * ```ts
 * new Release("consul", { … }, { hooks: snapshotBefore("pre-upgrade", { target: "./backups/" }) });
 * ```
 *
 * No snapshot is taken in a preview, or if the resource is unchanged. If the snapshot fails, the operation does not happen.
 * Each call needs a name of its own; archives belong to the series of that name.
 *
 * A replacement is a create of the new resource and a delete of the old one, not an update: `["create", "update",
 * "delete"]` covers all changes, and takes one snapshot for a replacement. `"create"` includes the first creation.
 * With `"delete"`, `pulumi destroy` needs `--run-program`: Pulumi fails the deletion if the program does not run.
 *
 * @param events - before which operations. Default: `["update"]`
 * @throws RunError if Pulumi has no resource hooks, if an event is unknown or none is specified, or if the name is already used
 */
export function snapshotBefore(
  name: string,
  args: SnapshotBeforeArgs,
  events: readonly SnapshotBeforeEvent[] = ["update"],
): pulumi.ResourceHookBinding {
  checkEvents(name, events);
  // A unit test runs no operations, and has no engine in which to register a hook.
  if (isUnitTest()) return {};
  // An SDK that is older than the one this package was compiled with may have no hooks.
  if ((pulumi.ResourceHook as unknown) === undefined) throw new pulumi.RunError(NO_HOOKS);
  takeName(name);
  const owner = ownerOf(name);
  // The engine calls the hook outside of the program's context, in which configuration and log are not available.
  const config = pulumi.runtime.allConfig();
  const engine = engineChannel();
  const known = pulumi.output(args) as unknown as pulumi.Output<Record<string, unknown>>;
  const info = AsyncResource.bind((message: CleanLines) => void pulumi.log.info(`${name}: ${message}`));
  const warn = AsyncResource.bind((message: CleanLines) => void pulumi.log.warn(`${name}: ${message}`));
  const save = async (event: SnapshotBeforeEvent): Promise<void> => {
    const values = await whenKnown(name, event, known);
    const { saveBefore } = await import("../provider/hosts/hook/host.js");
    await saveBefore({
      owner,
      event,
      args: values,
      config,
      info,
      warn,
      ...(engine === undefined ? {} : { engine }),
    });
  };
  /** Resources that are replaced in this run, with a snapshot already taken; their two operations come in any order. */
  const saved = new Set<string>();
  const hookFor = (event: SnapshotBeforeEvent): pulumi.ResourceHook => {
    // "update" has no suffix: states of programs from before the other events contain the name without one.
    const suffix = event === "update" ? "" : `:${event}`;
    const hook = new pulumi.ResourceHook(`consul-snapshot:${name}${suffix}`, async ({ urn }) => {
      if (event !== "update" && saved.has(urn)) return;
      await save(event);
      if (event !== "update") saved.add(urn);
    });
    explainMissingHooks(hook);
    return hook;
  };
  return {
    ...(events.includes("create") ? { beforeCreate: [hookFor("create")] } : {}),
    ...(events.includes("update") ? { beforeUpdate: [hookFor("update")] } : {}),
    ...(events.includes("delete") ? { beforeDelete: [hookFor("delete")] } : {}),
  };
}

/** No compiler checks a JavaScript program, and with an event that Pulumi does not have, no snapshot would be taken. */
function checkEvents(name: string, events: unknown): void {
  if (Array.isArray(events) && events.length > 0 && events.every((event) => EVENTS.includes(event))) return;
  throw new pulumi.RunError(`${name}: the events of snapshotBefore must be a list of "create", "update" and "delete"`);
}

/** The engine refuses a second hook of the same name only after resources are being created, and with a stack trace. */
function takeName(name: string): void {
  const run: object | undefined = pulumi.runtime.getMonitor();
  if (run === undefined) return;
  const names = namesOfRuns.get(run) ?? new Set();
  if (names.has(name)) {
    throw new pulumi.RunError(
      `${name}: snapshotBefore is called twice with this name: use another name, or pass the hooks of one call to both resources`,
    );
  }
  namesOfRuns.set(run, names.add(name));
}

/** The internal promises of an output, which Pulumi's SDK uses: `apply` never calls back if the output stays unknown. */
interface Awaitable {
  readonly isKnown: Promise<boolean>;
  promise(withUnknowns?: boolean): Promise<Record<string, unknown>>;
}

/**
 * @throws Error if an argument stays unknown: the resource that it comes from failed, or `--target` excludes it
 */
async function whenKnown(
  name: string,
  event: SnapshotBeforeEvent,
  args: pulumi.Output<unknown>,
): Promise<Record<string, unknown>> {
  const output = args as unknown as Awaitable;
  const values = await output.promise(true);
  if (await output.isKnown) return values;
  throw new Error(
    `${name}: no backup, so no ${event}: an argument is not known, because the resource that it comes from failed or was ` +
      "left out (ARGUMENT_INVALID)\nLet that resource succeed, or give the argument a plain value.",
  );
}

/** The program's connection to the engine: once it ends, the engine no longer waits for the snapshot. */
function engineChannel(): EngineChannel | undefined {
  const monitor = pulumi.runtime.getMonitor() as { getChannel?(): EngineChannel } | undefined;
  // The monitor in unit tests has no channel.
  return monitor?.getChannel?.();
}

/** Pulumi's SDK reports a failed registration of a hook only later, and without saying what to do. */
function explainMissingHooks(hook: pulumi.ResourceHook): void {
  const registering = hook as unknown as { __registered?: Promise<void> };
  registering.__registered = registering.__registered?.catch((error: unknown) => {
    const unsupported = /does not support resource hooks|RegisterResourceHook|UNIMPLEMENTED/i.test(String(error));
    throw unsupported ? new pulumi.RunError(NO_HOOKS) : error;
  }) as Promise<void>;
}
