/** All commands, in the order of --help. Each describes itself, and loads its code only when it runs. */

import { adopt } from "./commands/adopt";
import { agent } from "./commands/agent";
import { completion } from "./commands/completion";
import { copy } from "./commands/copy";
import { diff } from "./commands/diff";
import { exportCommand } from "./commands/export";
import { get } from "./commands/get";
import { inspect } from "./commands/inspect";
import { keygen } from "./commands/keygen";
import { list } from "./commands/list";
import { pack } from "./commands/pack";
import { prune } from "./commands/prune";
import { restore } from "./commands/restore";
import { save } from "./commands/save";
import { status } from "./commands/status";
import { verify } from "./commands/verify";
import type { Command } from "./description/command";

export const COMMANDS: readonly Command[] = [
  save,
  list,
  status,
  inspect,
  verify,
  diff,
  exportCommand,
  get,
  pack,
  restore,
  prune,
  copy,
  adopt,
  keygen,
  agent,
  completion,
];
