import { createServer } from "node:net";
import { expect } from "chai";
import { resolveConnection } from "../../../provider/consul/connection";
import { login } from "../../../provider/consul/login";
import { type FaultyServer, faultyServer, whole } from "../../support/faults/faultyServer";
import { listenOnLoopback } from "../../support/faults/listening";

describe("a login", () => {
  let notices: string[];
  let server: FaultyServer | undefined;
  let ending: AbortController;
  beforeEach(() => {
    notices = [];
    ending = new AbortController();
  });
  afterEach(async () => {
    ending.abort();
    await server?.stop();
  });

  async function tokenFrom(address: string, notice = (message: string) => void notices.push(message)) {
    const connection = resolveConnection({ address }, { config: () => undefined, env: {} });
    const request = { authMethod: "jwt", bearerToken: "a-jwt", meta: {} };
    return (await login(connection, request, ending.signal, notice)).token;
  }
  const answering = (self: string) =>
    faultyServer((socket, { line }) => {
      socket.write(line.includes("/v1/acl/login") ? whole(200, '{"SecretID":"the-token"}') : self);
    });

  it("does not wait for a token where the agent's configuration blocks the question for it", async () => {
    server = await answering(whole(403, "Endpoint is blocked by agent configuration"));
    expect(await tokenFrom(server.address)).to.equal("the-token");
    expect(server.asked.map(({ line }) => line)).to.deep.equal(["POST /v1/acl/login", "GET /v1/acl/token/self"]);
    expect(notices).to.deep.equal([]);
  });

  it("is tried again while nothing accepts connections, and where it may have been done already, not", async () => {
    const free = await listenOnLoopback(createServer());
    await free.stop();
    const refused = new Promise<void>((resolve) => {
      void tokenFrom(free.address, (message) => {
        notices.push(message);
        resolve();
      }).catch(() => undefined);
    });
    await refused;
    expect(notices.join()).to.match(/nothing accepts connections at .*; trying again in 0\.25 s/);
    server = await faultyServer((socket) => socket.destroy());
    const failure: unknown = await tokenFrom(server.address).catch((error: unknown) => error);
    expect(String(failure)).to.include("closed the connection before it answered");
    expect(server.asked).to.have.lengthOf(1);
  });
});
