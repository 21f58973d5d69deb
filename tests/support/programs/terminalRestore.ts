/** The command `restore` in this process, with a person at a terminal. */

import { PassThrough } from "node:stream";
import { restore, type RestoreOptions } from "../../../cli/restore/restore";
import { Output } from "../../../cli/terminal/output";

export interface Person {
  type(text: string): void;
  /** Once to stop, a second time to give up waiting for Consul's answer. */
  interrupt(): void;
}

/** Receives, each time something is printed, all that the terminal has shown so far. */
export type Watch = (shown: string, person: Person) => void;

export interface TerminalRun {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** @param whenSending - called just before the archive is sent */
export async function restoreAtTerminal(
  source: string,
  options: RestoreOptions,
  watch: Watch,
  whenSending: () => void = () => undefined,
): Promise<TerminalRun> {
  const input = Object.assign(new PassThrough(), { isTTY: true });
  const [output, errors] = [new PassThrough(), Object.assign(new PassThrough(), { isTTY: true })];
  const [interrupted, giveUp] = [new AbortController(), new AbortController()];
  const shown = { out: "", err: "" };
  const person: Person = {
    type: (text) => void input.write(`${text}\n`),
    interrupt: () => (interrupted.signal.aborted ? giveUp : interrupted).abort(),
  };
  output.on("data", (bytes: Buffer) => (shown.out += bytes.toString()));
  errors.on("data", (bytes: Buffer) => {
    shown.err += bytes.toString();
    watch(shown.err, person);
  });
  const { signal } = interrupted;
  const code = await restore(source, options, {
    input,
    output: new Output(output),
    errors: new Output(errors),
    signal,
    giveUp: giveUp.signal,
    whenSending,
  });
  return { code, ...shown };
}

/** What a person does, once, when the question is there. */
export function whenAsked(act: (person: Person) => void): Watch {
  let asked = false;
  return (shown, person) => {
    if (asked || !shown.includes("Type the name of the datacenter")) return;
    asked = true;
    act(person);
  };
}
