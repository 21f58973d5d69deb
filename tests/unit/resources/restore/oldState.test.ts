import { readFileSync } from "node:fs";
import { expect } from "chai";
import { type Context, Incomplete, type Values } from "../../../../provider/lifecycle";
import { restoreLifecycle } from "../../../../provider/resources/restore/lifecycle";

interface Recorded {
  readonly id: string;
  readonly inputs: Values;
  readonly outputs: Values;
}

/** The restore in a stack that version 0.1.0 wrote, as the host passes it on: without the stub and the identity. */
function recorded(stack: "restored" | "begun"): Recorded {
  const text = readFileSync(`tests/fixtures/state-0.1.0-restores/${stack}.stack.json`, "utf8");
  const { deployment } = JSON.parse(text) as { deployment: { resources: readonly (Recorded & { urn: string })[] } };
  const found = deployment.resources.find(({ urn }) => urn.endsWith("::rollback"))!;
  const own = (values: Values): Values =>
    Object.fromEntries(Object.entries(values).filter(([name]) => name !== "__provider" && name !== "identity"));
  return { id: found.id, inputs: own(found.inputs), outputs: own(found.outputs) };
}

describe("a restore in the state of version 0.1.0", () => {
  const said: string[] = [];
  const say = (message: string): void => void said.push(message);
  const context: Context = {
    signal: AbortSignal.abort(),
    owner: { organization: "organization", project: "backups", stack: "dev", name: "rollback" },
    config: (key) => (key === "consul:address" ? "consul.example:8500" : undefined),
    status: () => undefined,
    info: say,
    warn: say,
  };

  it("that was proved is read, and differs in nothing from its arguments", async () => {
    const { id, inputs, outputs } = recorded("restored");
    expect(await restoreLifecycle.read(id, outputs, context)).to.deep.equal({ id, outputs });
    expect(await restoreLifecycle.diff(id, outputs, inputs, context)).to.deep.equal([]);
    expect(said).to.deep.equal([]);
  });

  it("that was only begun is to be read back, and stays begun until its result is known", async () => {
    const { id, inputs, outputs } = recorded("begun");
    expect(await restoreLifecycle.read(id, outputs, context)).to.deep.equal({ id, outputs });
    const [change, ...others] = await restoreLifecycle.diff(id, outputs, inputs, context);
    expect(others).to.deep.equal([]);
    expect(change).to.include({ path: "runId", replaces: false });
    // It is interrupted before anything is asked.
    const connection = { address: "127.0.0.1:1" };
    const error = await restoreLifecycle
      .update(id, outputs, { ...inputs, connection }, context)
      .catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(Incomplete);
    expect((error as Incomplete).cause).to.include({ code: "INTERRUPTED" });
    expect((error as Incomplete).created).to.deep.equal({ id, outputs: { ...outputs, connection } });
  });
});
