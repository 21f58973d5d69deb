// eslint-disable-next-line @typescript-eslint/no-restricted-imports -- part of Node.js, light, and does no I/O
import { AsyncResource } from "node:async_hooks";
import * as pulumi from "@pulumi/pulumi";
import type { EngineChannel } from "../provider/hosts/hook/shutdown";
import type { ConsulSnapshotArgs } from "./args";
import { isUnitTest, ownerOf } from "./resource";

/** The arguments of ConsulSnapshot that make sense where nothing of the snapshot is kept in state. */
export type SnapshotBeforeArgs = Pick<
  ConsulSnapshotArgs,
  "target" | "connection" | "consistency" | "maxStaleness" | "overwrite" | "retention" | "encryption" | "series"
>;

const NO_HOOKS =
  "snapshotBefore needs resource hooks, which the Pulumi language host for Node.js (pulumi-language-nodejs) or the " +
  "package @pulumi/pulumi here does not have: upgrade both, or make a ConsulSnapshot with triggers: [what changes] and " +
  "let the other resource dependsOn it";

/** What of the guarded resource's life a snapshot is taken before. */
export type SnapshotBeforeEvent = "create" | "update" | "delete";

const EVENTS: readonly unknown[] = ["create", "update", "delete"] satisfies SnapshotBeforeEvent[];
/** Of each run of a program, by its connection to the engine: one process can run several. */
const namesOfRuns = new WeakMap<object, Set<string>>();

/**
 * Hooks for another resource's options, which take a snapshot just before that resource is updated:
 *
 * ```ts
 * new Release("consul", { … }, { hooks: snapshotBefore("pre-upgrade", { target: "./backups/" }) });
 * ```
 *
 * Nothing is taken in a preview, or when the resource is unchanged. When the backup fails, the operation does not happen.
 * Each call needs a name of its own; archives belong to the series of that name.
 *
 * A replacement is a create of the new resource and a delete of the old one, and no update: `["create", "update",
 * "delete"]` covers all changes, and takes one snapshot for a replacement. `"create"` also means the first creation.
 * With `"delete"`, `pulumi destroy` needs `--run-program`: Pulumi fails the deletion where the program does not run.
 *
 * @param events - before which operations. Default: `["update"]`
 * @throws RunError where Pulumi has no resource hooks, where an event is unknown or none is specified, and where the name is used
 */
export function snapshotBefore(
  name: string,
  args: SnapshotBeforeArgs,
  events: readonly SnapshotBeforeEvent[] = ["update"],
): pulumi.ResourceHookBinding {
  checkEvents(name, events);
  // A program's unit test runs no operation that a hook could come before, and has no engine to register it with.
  if (isUnitTest()) return {};
  // An older SDK than this one was compiled with may have none.
  if ((pulumi.ResourceHook as unknown) === undefined) throw new pulumi.RunError(NO_HOOKS);
  takeName(name);
  const owner = ownerOf(name);
  // The engine calls the hook outside of the program's own context, where neither configuration nor log are to be had.
  const config = pulumi.runtime.allConfig();
  const engine = engineChannel();
  const known = pulumi.output(args) as unknown as pulumi.Output<Record<string, unknown>>;
  const info = AsyncResource.bind((message: string) => void pulumi.log.info(`${name}: ${message}`));
  const warn = AsyncResource.bind((message: string) => void pulumi.log.warn(`${name}: ${message}`));
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
  /** Resources of which this run has saved the state from before their replacement, whose two operations come in any order. */
  const saved = new Set<string>();
  const hookFor = (event: SnapshotBeforeEvent): pulumi.ResourceHook => {
    // The name of the first is in the state of programs that know no other.
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

/** A program in JavaScript is checked by no compiler, and an event that Pulumi does not have would mean no backup. */
function checkEvents(name: string, events: unknown): void {
  if (Array.isArray(events) && events.length > 0 && events.every((event) => EVENTS.includes(event))) return;
  throw new pulumi.RunError(`${name}: the events of snapshotBefore must be a list of "create", "update" and "delete"`);
}

/** The engine refuses a second hook of the same name, with a stack trace, and only once resources are being created. */
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

/** What the SDK itself takes of an output: `apply` never calls back for one that stays unknown. */
interface Awaitable {
  readonly isKnown: Promise<boolean>;
  promise(withUnknowns?: boolean): Promise<Record<string, unknown>>;
}

/**
 * @throws Error when an argument stays unknown: the resource that it comes from failed, or was left out by `--target`
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

/** The program's connection to the engine: when it ends, no engine waits for the backup any more. */
function engineChannel(): EngineChannel | undefined {
  const monitor = pulumi.runtime.getMonitor() as { getChannel?(): EngineChannel } | undefined;
  // The monitor of a program's unit tests is none.
  return monitor?.getChannel?.();
}

/** The SDK registers a hook at once and tells of a failure later, in words that do not say what to do. */
function explainMissingHooks(hook: pulumi.ResourceHook): void {
  const registering = hook as unknown as { __registered?: Promise<void> };
  registering.__registered = registering.__registered?.catch((error: unknown) => {
    const unsupported = /does not support resource hooks|RegisterResourceHook|UNIMPLEMENTED/i.test(String(error));
    throw unsupported ? new pulumi.RunError(NO_HOOKS) : error;
  }) as Promise<void>;
}
