import { expect } from "chai";
import { command } from "../support/programs/command";

/** As a program does that a cloud's library has started for credentials, and that never ends. */
const KEEPS_ALIVE = "--import=data:text/javascript,setInterval(()=>undefined,1e9)";

describe("the command", function () {
  this.timeout(60_000);

  for (const [args, code] of [
    [["--version"], 0],
    [["verify", "/dev/null"], 1],
    [["frobnicate"], 2],
  ] as const) {
    it(`ends when its work is done, though something else would keep it: ${args.join(" ")}`, async () => {
      const ended = await command(args, { env: { NODE_OPTIONS: KEEPS_ALIVE } });
      expect(ended.code, ended.err).to.equal(code);
      expect(`${ended.out}${ended.err}`).to.not.equal("");
    });
  }
});
