/** The command restore at a terminal, as a person sees it in the end: lines that were written over are gone. */

import { PassThrough } from "node:stream";
import { restore, type RestoreOptions } from "../../cli/restore/restore";
import { Output } from "../../cli/terminal/output";

export interface Session {
  readonly options: RestoreOptions;
  /** What a person types at the question. */
  readonly types: string;
}

const QUESTION = /Type .*: $/;

/** @throws Error when nothing was restored */
export async function restoreAtTerminal(source: string, { options, types }: Session): Promise<string> {
  const input = Object.assign(new PassThrough(), { isTTY: true });
  const screen = Object.assign(new PassThrough(), { isTTY: true });
  let shown = "";
  screen.on("data", (bytes: Buffer) => {
    shown += bytes.toString();
    if (!QUESTION.test(shown)) return;
    // A terminal echoes what is typed.
    shown += `${types}\n`;
    input.write(`${types}\n`);
  });
  const output = new Output(screen);
  const { signal } = new AbortController();
  const code = await restore(source, options, { input, output, errors: output, signal });
  if (code !== 0) throw new Error(`it ended with ${code}: ${shown}`);
  return shown.replaceAll(/[^\n]*\r\u001b\[2K/g, "");
}
