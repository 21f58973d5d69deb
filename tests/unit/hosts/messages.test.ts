import { setImmediate as turn } from "node:timers/promises";
import { expect } from "chai";
import { withMessages } from "../../../provider/hosts/messages";
import { remark } from "../../../provider/text";

describe("what a call says", () => {
  for (const [how, end] of [
    ["returns", () => "done"],
    [
      "throws",
      () => {
        throw new Error("the work failed");
      },
    ],
    ["rejects", () => Promise.reject(new Error("the work failed"))],
  ] as const) {
    it(`has arrived, in order, when its work ${how}`, async () => {
      const arrived: string[] = [];
      const send = async ({ severity, message }: { severity: string; message: string }): Promise<void> => {
        await turn();
        arrived.push(`${severity} ${message}`);
      };
      const ended = withMessages(send, "backup: ", ({ info, warn }) => {
        info(remark`one`);
        warn(remark`two`);
        return end();
      });
      const outcome = await ended.catch((error: unknown) => (error as Error).message);
      expect(arrived).to.deep.equal(["info backup: one", "warning backup: two"]);
      expect(outcome).to.equal(how === "returns" ? "done" : "the work failed");
    });
  }
});
