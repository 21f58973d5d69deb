import { expect } from "chai";
import { resolveConnection } from "../../../provider/consul/connection";
import { explainRefusal } from "../../../provider/consul/refusals";
import { LAST_CHUNK, SNAPSHOT_HEAD, snapshotHead, whole } from "../../support/faults/faultyServer";
import { CONSISTENT, clientHarness, failure } from "./harness";

describe("the client of Consul", function () {
  this.timeout(60_000);
  const harness = clientHarness();

  describe("explains", () => {
    const html = { "Content-Type": "text/html" };
    const refusals: [string, string, string, RegExp][] = [
      [
        "a missing right",
        whole(403, "Permission denied: lacks permission 'acl:write'"),
        "CONSUL_DENIED",
        /acl = "write"/,
      ],
      ["an unknown token", whole(403, "ACL not found"), "CONSUL_DENIED", /does not know the token.*acl = "write"/s],
      ["a denial from afar", whole(500, "rpc error making call: ACL not found"), "CONSUL_DENIED", /token/],
      ["a login", whole(401, "who are you"), "CONSUL_DENIED", /httpAuth/],
      [
        "http where https is spoken",
        whole(400, "Client sent an HTTP request to an HTTPS server."),
        "CONSUL_TLS",
        /https:\/\//,
      ],
      ["a redirect", whole(302, "", { Location: "https://login.example/" }), "CONSUL_RESPONSE", /login\.example/],
      ["another site", whole(404, "<html><body>nothing</body></html>", html), "CONSUL_RESPONSE", /404, an HTML page/],
      ["a proxy's limit", whole(413, "<html>", html), "CONSUL_RESPONSE", /Raise the proxy's limit/],
      [
        "a proxy that forbids",
        whole(403, "<html>", html),
        "CONSUL_DENIED",
        /a proxy at .* forbids.*403, an HTML page/s,
      ],
      ["a gateway that forbids", whole(403, '{"message":"Forbidden"}'), "CONSUL_DENIED", /a proxy at .* forbids/],
      [
        "a proxy that forbids in plain text",
        whole(403, "RBAC: access denied"),
        "CONSUL_DENIED",
        /a proxy at .* forbids/,
      ],
      ["a proxy that forbids without a word", whole(403, ""), "CONSUL_DENIED", /a proxy at .* forbids/],
      [
        "a proxy that wants a certificate",
        whole(400, "<html><title>400 No required SSL certificate was sent</title>", html),
        "CONSUL_TLS",
        /a proxy at .* wants a client certificate.*certFile/s,
      ],
      [
        "headers that are too long",
        whole(431, ""),
        "CONSUL_RESPONSE",
        /address and headers.*large_client_header_buffers/s,
      ],
      [
        "an agent whose servers have another authority",
        whole(500, "rpc error getting client: failed to get conn: x509: certificate signed by unknown authority"),
        "CONSUL_RESPONSE",
        /cannot open a TLS connection to a server.*x509/s,
      ],
      ["an impatient proxy", whole(504, "<html>", html), "CONSUL_RESPONSE", /proxy's timeouts/],
      ["an error of the server's own", whole(500, "no space left on device"), "CONSUL_RESPONSE", /500 no space left/],
    ];
    for (const [what, answer, code, text] of refusals) {
      it(`${what}, at once`, async () => {
        await harness.serve((socket) => socket.write(answer), { token: "t0ken" }, 30_000);
        const error = await failure(harness.client.snapshot(CONSISTENT));
        expect(error.code).to.equal(code);
        expect(`${error.message}\n${error.hint}`).to.match(text).and.include(harness.server.address);
        expect(harness.server.asked).to.have.length(1);
        expect(harness.notices).to.deep.equal([]);
      });
    }

    it("which rule is missing, if Consul names another one than that of snapshots", () => {
      const hintOf = (lacking: string, token?: string): string => {
        const connection = resolveConnection(token === undefined ? {} : { token }, {
          config: () => undefined,
          env: {},
        });
        const text = `rpc error making call: Permission denied: token with AccessorID '1-2' lacks permission ${lacking}`;
        return explainRefusal(connection, { path: "/v1/x", status: 403, contentType: "text/plain", text }).error.hint;
      };
      for (const [lacking, rule] of [
        [`'session:write' on "node-1"`, 'session "node-1" { policy = "write" }'],
        [`'service:write' on "consul-snapshot"`, 'service "consul-snapshot" { policy = "write" }'],
        [
          `'key:write' on "consul-snapshot/lock" in partition "default"`,
          'key "consul-snapshot/lock" { policy = "write" }',
        ],
        [`'agent:read' on "node-1"`, 'agent "node-1" { policy = "read" }'],
        ["'operator:read'", 'operator = "read"'],
      ] as const) {
        expect(hintOf(lacking, "t0ken")).to.equal(`A policy of the token needs the rule ${rule}.`);
        expect(hintOf(lacking)).to.include(`Set a token with the rule ${rule}: `);
      }
      // The text is from outside: a name that is none is not repeated as advice, nor is a secret.
      for (const lacking of [
        "'acl:write'",
        `'session:write' on "a\\" { policy = \\"x"`,
        `'session:write' on "a b"`,
        `'session:write'`,
        `'toString:write' on "a"`,
        `'session:all' on "a"`,
      ]) {
        expect(hintOf(lacking, "t0ken")).to.match(/^A policy of the token needs the rule acl = "write"; /);
      }
      expect(hintOf(`'key:read' on "t0ken-of-mine"`, "t0ken-of-mine")).to.equal(
        'A policy of the token needs the rule key "…" { policy = "read" }.',
      );
    });

    it("a leader that the servers have elected and cannot reach yet, as an election", () => {
      const connection = resolveConnection({}, { config: () => undefined, env: {} });
      const text = "Raft leader not found in server lookup mapping";
      const failure = explainRefusal(connection, { path: "/v1/x", status: 500, contentType: "text/plain", text });
      expect(failure).to.include({ meaning: "noLeader", retry: true });
    });

    it("a missing token otherwise than one that lacks a right", async () => {
      await harness.serve((socket) => socket.write(whole(403, "Permission denied")));
      expect((await failure(harness.client.snapshot(CONSISTENT))).message).to.include("without a token");
    });

    it("which datacenters there are, when another was asked for", async () => {
      await harness.serve(
        (socket, { line }) =>
          socket.write(
            line.includes("datacenters") ? whole(200, '["east","west"]') : whole(500, "No path to datacenter"),
          ),
        { datacenter: "north" },
      );
      const error = await failure(harness.client.snapshot(CONSISTENT));
      expect(error.code).to.equal("CONSUL_UNKNOWN_DATACENTER");
      expect(error.message).to.include("north");
      expect(error.hint).to.include("east, west");
    });

    it("in the server's words, but shortly, on one line, and without our secrets", async () => {
      const echo = `bad\r\ntoken t0ken-of-mine\u001b[31m and Basic ${Buffer.from("user:pass").toString("base64")} ${"x".repeat(9000)}`;
      await harness.serve((socket) => socket.write(whole(500, echo)), {
        token: "t0ken-of-mine",
        httpAuth: "user:pass",
      });
      const { message } = await failure(harness.client.snapshot(CONSISTENT));
      expect(message).to.match(/500 bad token … \[31m and Basic … xxx/);
      expect(message.length).to.be.lessThan(400);
      expect(message).to.not.match(/\p{C}/u);
    });

    it("without our secrets in any form in which they may be repeated", async () => {
      const token = "8d1f6a2e-7c40-4b6f-91d3-token";
      const login = Buffer.from("backup:p@ss w0rd").toString("base64");
      const echoes = [
        `token ${token}`,
        token.toUpperCase(),
        Buffer.from(token).toString("base64"),
        `Basic ${login}`,
        login,
        "user backup:p@ss w0rd is unknown",
        "p@ss w0rd",
        encodeURIComponent("p@ss w0rd"),
        encodeURIComponent(`Basic ${login}`),
      ];
      for (const echo of echoes) {
        await harness.serve((socket) => socket.write(whole(302, echo, { Location: `https://x/?${encodeURI(echo)}` })), {
          token,
          httpAuth: "backup:p@ss w0rd",
        });
        const { message } = await failure(harness.client.snapshot(CONSISTENT));
        for (const secret of [
          token,
          login.replace(/=+$/, ""),
          "p@ss",
          "p%40ss",
          Buffer.from(token).toString("base64"),
        ]) {
          expect(message.toLowerCase(), echo).to.not.include(secret.toLowerCase());
        }
        await harness.stop();
      }
      await harness.serve(() => undefined);
    });

    it("nothing of a content type that repeats the token", async () => {
      const type = "text/t0ken-of-mine";
      await harness.serve((socket) => socket.write(whole(200, "x", { ...snapshotHead(), "Content-Type": type })), {
        token: "t0ken-of-mine",
      });
      expect((await failure(harness.client.snapshot(CONSISTENT))).message).to.include("text/…");
    });

    const lies: [string, string, RegExp][] = [
      ["an empty body", `${SNAPSHOT_HEAD}${LAST_CHUNK}`, /an empty body/],
      ["a page", whole(200, "<html>", { ...snapshotHead(), ...html }), /text\/html/],
      ["JSON", whole(200, "{}", { ...snapshotHead(), "Content-Type": "application/json" }), /application\/json/],
      ["no headers of Consul's", whole(200, "x", { "Content-Type": "application/x-gzip" }), /x-consul-index/],
      [
        "a second compression",
        whole(200, "x", { ...snapshotHead(), "Content-Encoding": "gzip" }),
        /second compression/,
      ],
      [
        "a bad index",
        whole(200, "x", { ...snapshotHead(), "X-Consul-Index": "many" }),
        /x-consul-index that is not a number/,
      ],
    ];
    for (const [what, answer, text] of lies) {
      it(`an answer of 200 with ${what}`, async () => {
        await harness.serve((socket) => socket.write(answer));
        const error = await failure(harness.client.snapshot(CONSISTENT));
        expect(error.code).to.equal("CONSUL_RESPONSE");
        expect(error.message).to.match(text);
      });
    }

    it("an answer that is not HTTP", async () => {
      await harness.serve((socket) => socket.write("SSH-2.0-OpenSSH_9.2\r\n"));
      expect((await failure(harness.client.snapshot(CONSISTENT))).message).to.match(/is not HTTP/);
    });

    it("an answer of 100 Continue, which was not asked for, without trying again", async () => {
      let requests = 0;
      await harness.serve((socket) => {
        requests++;
        socket.write("HTTP/1.1 100 Continue\r\n\r\n".repeat(3));
      });
      const error = await failure(harness.client.snapshot(CONSISTENT));
      expect(`${error.code}: ${error.message}`).to.equal(
        `CONSUL_RESPONSE: http://${harness.server.address} answers with 100 Continue, which was not asked for`,
      );
      expect(requests).to.equal(1);
    });

    it("that nothing is there", async () => {
      await harness.serve(() => undefined);
      await harness.server.stop();
      const error = await failure(harness.client.snapshot(CONSISTENT));
      expect(error.code).to.equal("CONSUL_UNREACHABLE");
      expect(error.message).to.equal(`nothing accepts connections at http://${harness.server.address}`);
    });
  });
});
