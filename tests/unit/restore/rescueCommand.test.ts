import { execFileSync } from "node:child_process";
import { expect } from "chai";
import { resolveConnection } from "../../../provider/consul/connection";
import { parseLocation } from "../../../provider/store/location";
import { rescueCommand } from "../../../provider/restore/rescueCommand";
import type { RestoreRequest } from "../../../provider/restore/request";

type Asked = Pick<RestoreRequest, "connection" | "safetySnapshot">;

function request(connection: object, recipients?: string[]): Asked {
  const target = parseLocation("/safety/");
  return {
    connection: resolveConnection(connection, { config: () => undefined, env: {} }),
    safetySnapshot: { target, ...(recipients === undefined ? {} : { recipients }) },
  };
}

/** As a shell would split it. */
function words(command: string): string[] {
  const script = `npx() { printf '%s\\n' "$@"; }; ${command}`;
  return execFileSync("sh", ["-c", script], { encoding: "utf8" }).trimEnd().split("\n");
}

describe("the command that brings back what was there before", () => {
  it("names the cluster that was restored, and no token", () => {
    const connection = { address: "10.0.0.1:8501", scheme: "https", datacenter: "dc'2", token: "secret" };
    const command = rescueCommand("/safety/it's there.snap", request(connection));
    expect(words(command)).to.deep.equal([
      ...["--no", "consul-snapshot", "restore", "/safety/it's there.snap", "--safety-snapshot", "none"],
      ...["--http-addr", "https://10.0.0.1:8501", "--datacenter", "dc'2"],
    ]);
    expect(command).not.to.include("secret");
  });

  it("leaves a place for the identity where the safety snapshot is encrypted", () => {
    const command = rescueCommand("/safety/a.snap.age", request({}, ["age1"]));
    expect(words(command).slice(6)).to.deep.equal(["--http-addr", "http://127.0.0.1:8500", "--identity", "FILE"]);
  });
});
