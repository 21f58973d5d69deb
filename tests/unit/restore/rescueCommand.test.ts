import { execFileSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { restore } from "../../../cli/commands/restore";
import { parseArguments } from "../../../cli/description/parse";
import { connectionArgs } from "../../../cli/options/connection";
import { type Connection, type ConnectionArgs, resolveConnection } from "../../../provider/consul/connection";
import { type Certificates, makeCertificates } from "../../support/consul/certificates";
import { parseLocation } from "../../../provider/store/location";
import { rescueCommand } from "../../../provider/restore/rescueCommand";

type Asked = Parameters<typeof rescueCommand>[1];

function request(connection: object, recipients?: string[], env: Record<string, string> = {}): Asked {
  const target = parseLocation("/safety/");
  return {
    connection: resolveConnection(connection, { config: () => undefined, env }),
    safetySnapshot: { target, ...(recipients === undefined ? {} : { recipients }) },
  };
}

/** As a shell would split it. */
function words(command: string): string[] {
  return execFileSync("sh", ["-c", `printf '%s\\n' ${command}`], { encoding: "utf8" })
    .trimEnd()
    .split("\n");
}

describe("the command that brings back what was there before", () => {
  it("names the cluster that was restored, and no token", () => {
    const connection = { address: "10.0.0.1:8501", scheme: "https", datacenter: "dc'2", token: "secret" };
    const command = rescueCommand("/safety/it's there.snap", request(connection));
    expect(words(command)).to.deep.equal([
      ...["consul-snapshot", "restore", "/safety/it's there.snap", "--safety-snapshot", "none"],
      ...["--http-addr", "https://10.0.0.1:8501", "--datacenter", "dc'2"],
    ]);
    expect(command).not.to.include("secret");
  });

  it("is refused by any other cluster, where a server of the restored one is known", () => {
    const command = rescueCommand("/safety/a.snap", request({ address: "10.0.0.1:8500" }), "[fd00::1]:8300");
    expect(words(command).slice(-4)).to.deep.equal([
      "--http-addr",
      "http://10.0.0.1:8500",
      "--cluster",
      "[fd00::1]:8300",
    ]);
  });

  describe("with files", () => {
    let certificates: Certificates;
    let tokenFile: string;

    before(async () => {
      certificates = await makeCertificates();
      tokenFile = join(certificates.dir, "the token");
      await writeFile(tokenFile, "secret");
    });
    after(() => certificates.remove());

    function files(): ConnectionArgs {
      const { caFile, clientCert: certFile, clientKey: keyFile } = certificates;
      return {
        address: "https://10.0.0.1:8501",
        caFile,
        certFile,
        keyFile,
        tlsServerName: "server.dc1.consul",
        tokenFile,
      };
    }

    /** The connection of the command, in an environment that has nothing set. */
    function connectionOf(command: string): Connection {
      const [, , ...args] = words(command);
      const parsed = parseArguments(args, restore);
      if (parsed === "help") throw new Error(command);
      const given = connectionArgs(parsed.options);
      return resolveConnection(given, { config: () => undefined, env: {} });
    }

    it("connects as the restore did", () => {
      const asked = request({ ...files(), datacenter: "dc2" });
      const command = rescueCommand("/safety/a.snap", asked);
      const { url, tls, token, datacenter } = connectionOf(command);
      expect({ url, tls, token, datacenter }).to.deep.equal({
        url: "https://10.0.0.1:8501",
        tls: asked.connection.tls,
        token: "secret",
        datacenter: "dc2",
      });
      expect(tls).to.include.keys("ca", "cert", "key", "serverName");
      expect(command).not.to.include("secret").and.not.include("PRIVATE KEY");
    });

    it("has the folder of authorities, and what the environment sets", () => {
      const { dir } = certificates;
      const asked = request({ address: "https://10.0.0.1:8501" }, undefined, {
        CONSUL_CAPATH: dir,
        CONSUL_HTTP_TOKEN_FILE: tokenFile,
      });
      const { tls, token } = connectionOf(rescueCommand("/safety/a.snap", asked));
      expect(tls).to.deep.equal(asked.connection.tls);
      expect(token).to.equal("secret");
    });

    it("has no file that another setting replaces, and no inline certificate", async () => {
      const [caPem, certPem, keyPem] = await Promise.all(
        [certificates.caFile, certificates.clientCert, certificates.clientKey].map((file) => readFile(file, "utf8")),
      );
      const env = {
        CONSUL_CACERT: certificates.caFile,
        CONSUL_CLIENT_CERT: certificates.clientCert,
        CONSUL_CLIENT_KEY: certificates.clientKey,
        CONSUL_HTTP_TOKEN_FILE: tokenFile,
      };
      const inline = { address: "https://10.0.0.1:8501", caPem, certPem, keyPem, token: "inline" };
      expect(words(rescueCommand("/safety/a.snap", request(inline, undefined, env))).slice(5)).to.deep.equal([
        "--http-addr",
        "https://10.0.0.1:8501",
      ]);
    });

    it("leaves out the token file where the restored cluster has other tokens", () => {
      const asked = { ...request(files()), tokenAfterRestore: "after" };
      const command = rescueCommand("/safety/a.snap", asked);
      expect(command).to.include("--ca-file").and.not.include("--token-file").and.not.include("after");
    });
  });

  it("leaves a place for the identity where the safety snapshot is encrypted", () => {
    const command = rescueCommand("/safety/a.snap.age", request({}, ["age1"]));
    expect(words(command).slice(5)).to.deep.equal(["--http-addr", "http://127.0.0.1:8500", "--identity", "FILE"]);
  });
});
