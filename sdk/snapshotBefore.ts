// eslint-disable-next-line @typescript-eslint/no-restricted-imports -- part of Node.js, light, and does no I/O
import { AsyncResource } from "node:async_hooks";
import * as pulumi from "@pulumi/pulumi";
import type { EngineChannel } from "../provider/hosts/hookGuard";
import type { ConsulSnapshotArgs } from "./args";
import { standing } from "./resource";

/** The arguments of ConsulSnapshot that make sense where nothing of the snapshot is kept in state. */
export type SnapshotBeforeArgs = Pick<
  ConsulSnapshotArgs,
  "target" | "connection" | "consistency" | "maxStaleness" | "overwrite" | "retention" | "encryption"
>;

const NO_HOOKS =
  "snapshotBefore needs resource hooks, which this version of Pulumi does not have: upgrade the Pulumi CLI, or make " +
  "a ConsulSnapshot with triggers: [what changes] and let the other resource dependsOn it";

/**
 * Hooks for another resource's options, which take a snapshot just before that resource is updated:
 *
 * ```ts
 * new Release("consul", { … }, { hooks: snapshotBefore("pre-upgrade", { target: "./backups/" }) });
 * ```
 *
 * Nothing is taken in a preview, when the resource is unchanged, created, deleted or replaced. When the backup fails,
 * the resource is not updated. Each call needs a name of its own; archives belong to the series of that name.
 *
 * @throws Error where Pulumi has no resource hooks
 */
export function snapshotBefore(name: string, args: SnapshotBeforeArgs): pulumi.ResourceHookBinding {
  // An older SDK than this one was compiled with may have none.
  if ((pulumi.ResourceHook as unknown) === undefined) throw new Error(NO_HOOKS);
  const identity = standing(name);
  // The engine calls the hook outside of the program's own context, where neither configuration nor log are to be had.
  const config = pulumi.runtime.allConfig();
  const engine = engineChannel();
  const known = pulumi.output(args) as unknown as pulumi.Output<Record<string, unknown>>;
  const info = AsyncResource.bind((message: string) => void pulumi.log.info(`${name}: ${message}`));
  const warn = AsyncResource.bind((message: string) => void pulumi.log.warn(`${name}: ${message}`));
  const hook = new pulumi.ResourceHook(`consul-snapshot:${name}`, async () => {
    const values = await whenKnown(name, known);
    const { saveBefore } = await import("../provider/hosts/hook.js");
    await saveBefore({ identity, args: values, config, info, warn, ...(engine === undefined ? {} : { engine }) });
  });
  explainMissingHooks(hook);
  return { beforeUpdate: [hook] };
}

/** What the SDK itself takes of an output: `apply` never calls back for one that stays unknown. */
interface Awaitable {
  readonly isKnown: Promise<boolean>;
  promise(withUnknowns?: boolean): Promise<Record<string, unknown>>;
}

/**
 * @throws Error when an argument stays unknown: the resource that it comes from failed, or was left out by `--target`
 */
async function whenKnown(name: string, args: pulumi.Output<unknown>): Promise<Record<string, unknown>> {
  const output = args as unknown as Awaitable;
  const values = await output.promise(true);
  if (await output.isKnown) return values;
  throw new Error(
    `${name}: no backup, so no update: an argument is not known, because the resource that it comes from failed or was ` +
      "left out (ARGUMENT_INVALID)\nLet that resource succeed, or give the argument a plain value.",
  );
}

/** The program's connection to the engine: when it ends, nobody waits for the backup any more. */
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
    throw unsupported ? new Error(NO_HOOKS) : error;
  }) as Promise<void>;
}
