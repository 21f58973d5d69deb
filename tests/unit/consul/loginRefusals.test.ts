import { expect } from "chai";
import { resolveConnection } from "../../../provider/consul/connection";
import { LOGIN_PATH } from "../../../provider/consul/loginRefusals";
import { explainRefusal } from "../../../provider/consul/refusals";

/** tests/agent/login.test.ts logs in at a real server; it has no Kubernetes, and its ACLs are enabled. */
describe("a refused login", () => {
  const connection = resolveConnection({ address: "consul.test:8500" }, { config: () => undefined, env: {} });
  const explain = (status: number, text: string, path = LOGIN_PATH) =>
    explainRefusal(connection, { path, status, contentType: "text/plain", text });

  const refusals: readonly (readonly [status: number, text: string, meaning: string, message: RegExp, hint: RegExp])[] =
    [
      // agent/consul/authmethod/kubeauth/k8s.go, Consul 1.14.11; a server that is not the leader adds "rpc error making call".
      [500, "lookup failed: [invalid bearer token]", "jwtRefused", /Kubernetes does not accept it/, /service account/],
      [500, "lookup failed: service account jwt not valid", "jwtRefused", /Kubernetes does not accept it/, /Host/],
      [500, "failed to parse and validate JWT: three parts", "jwtRefused", /it is not a JWT/, /bearer_token_file/],
      [500, "rpc error making call: Unauthorized", "authMethodFailed", /cannot check the JWT/, /ServiceAccountJWT/],
      [
        500,
        'Post "https://192.0.2.1/apis/authentication.k8s.io/v1/tokenreviews": dial tcp 192.0.2.1:443: i/o timeout',
        "authMethodFailed",
        /cannot check the JWT/,
        /Host/,
      ],
      [
        500,
        "rpc error making call: error validating claims: square/go-jose/jwt: validation failed, token is expired (exp)",
        "jwtRefused",
        /it has expired/,
        /new JWT/,
      ],
      [
        500,
        "rpc error making call: Permission denied",
        "noBindingRule",
        /no binding rule matches/,
        /binding-rule list/,
      ],
      [401, "ACL support disabled", "aclsDisabled", /ACLs are disabled/, /Remove login/],
      [500, "No cluster leader", "noLeader", /reaches no leader/, /election/],
      [
        500,
        "rpc error making call: dial tcp 192.0.2.1:8300: i/o timeout",
        "leaderLost",
        /reaches no leader/,
        /election/,
      ],
      [403, "<html>Forbidden", "blocked", /a proxy at .* forbids/, /proxy/],
      [500, "no space left on device", "serverError", /answered with an error/, /log of Consul's leader/],
    ];
  for (const [status, text, meaning, message, hint] of refusals) {
    it(`${status} ${text}`, () => {
      const { error, ...failure } = explain(status, text);
      expect(failure.meaning).to.equal(meaning);
      expect(error.message).to.match(message).and.include(`consul.test:8500`);
      expect(error.hint).to.match(hint);
    });
  }

  it("is not confused with another request that is refused in the same words", () => {
    expect(explain(403, "Permission denied", "/v1/snapshot").meaning).to.equal("noToken");
    expect(explain(500, "Unauthorized", "/v1/snapshot").meaning).to.equal("serverError");
    expect(explain(500, "token is expired", "/v1/snapshot").meaning).to.equal("serverError");
  });
});
