/** The meaning of responses to a login. They come first: a login is refused in words of its own. */

import { isDenied, type Refusal, type Row, says } from "./refusalRow";

export const LOGIN_PATH = "/v1/acl/login";

/** Refusals of a login have words of their own: ACL.Login in agent/consul/acl_endpoint.go, Consul 1.12 to 1.14. */
const atLogin =
  (matches: (refusal: Refusal) => boolean) =>
  (refusal: Refusal): boolean =>
    refusal.path === LOGIN_PATH && matches(refusal);

/** The auth method has read the JWT and refuses it: internal/go-sso/oidcauth/jwt.go, agent/consul/authmethod/kubeauth/k8s.go. */
const refusedJwt = (words: RegExp, reason: string, hint: string): Row => ({
  meaning: "jwtRefused",
  matches: atLogin(says(500, words)),
  code: "CONSUL_DENIED",
  notTaken: true,
  message: ({ at }) => `the auth method of Consul at ${at} refuses the JWT of the login: ${reason}`,
  hint,
});

export const LOGIN_REFUSALS: readonly Row[] = [
  {
    meaning: "noAuthMethod",
    matches: atLogin((refusal) => isDenied(refusal) && /auth method .* not found/i.test(refusal.text)),
    code: "CONSUL_DENIED",
    notTaken: true,
    message: ({ at }) => `Consul at ${at} has no auth method of this name`,
    hint: "Correct login.auth_method: `consul acl auth-method list` prints the names.",
  },
  {
    meaning: "noBindingRule",
    matches: atLogin((refusal) => isDenied(refusal) && /Permission denied/i.test(refusal.text)),
    code: "CONSUL_DENIED",
    notTaken: true,
    message: ({ at }) => `no binding rule matches the login at the auth method of Consul at ${at}`,
    hint: "Add a binding rule whose selector matches, and the role that it names: `consul acl binding-rule list` prints the rules.",
  },
  {
    meaning: "aclsDisabled",
    matches: atLogin(says(401, /ACL support disabled/i)),
    code: "CONSUL_RESPONSE",
    notTaken: true,
    message: ({ at }) => `ACLs are disabled in Consul at ${at}, so nobody can log in`,
    hint: "Remove login from the configuration: such a Consul needs no token.",
  },
  {
    // Before the rows for other requests: the server that does not answer is not one of Consul's.
    meaning: "authMethodFailed",
    matches: atLogin(
      says(500, /fetching keys|\/tokenreviews|annotation lookup failed|^(rpc error making call: )?Unauthorized$/i),
    ),
    code: "CONSUL_RESPONSE",
    notTaken: true,
    message: ({ at }) => `the auth method of Consul at ${at} cannot check the JWT of the login`,
    hint: "Consul's leader asks the issuer or Kubernetes: check that it reaches JWKSURL, OIDCDiscoveryURL or Host of the auth method, and that ServiceAccountJWT of the auth method is valid.",
  },
  refusedJwt(
    /token is expired/i,
    "it has expired",
    "Log in with a new JWT: login.bearer_token_file is read at each login. If the JWT is new, check the clock of Consul's leader.",
  ),
  refusedJwt(
    /token not valid yet|token issued in the future/i,
    "it is not valid yet",
    "Compare the clock of Consul's leader with that of the JWT's issuer.",
  ),
  refusedJwt(
    /no issue time, notbefore, or expiration time/i,
    "it contains no time",
    "Use a JWT with the claims exp and nbf.",
  ),
  refusedJwt(
    /invalid issuer claim/i,
    "it is from another issuer",
    "The claim iss must be BoundIssuer of the auth method: `consul acl auth-method read -name NAME` prints it.",
  ),
  refusedJwt(
    /aud(ience)? claim/i,
    "it is for another audience",
    "The claim aud must contain one of BoundAudiences of the auth method: `consul acl auth-method read -name NAME` prints them.",
  ),
  refusedJwt(
    /token signature/i,
    "no key of the auth method verifies its signature",
    "Use a JWT of the issuer whose keys the auth method has, or correct JWTValidationPubKeys, JWKSURL or OIDCDiscoveryURL of the auth method.",
  ),
  refusedJwt(
    /missing jwt|malformed jwt|error parsing token|failed to parse and validate JWT/i,
    "it is not a JWT",
    "login.bearer_token, or the file login.bearer_token_file, must contain a JWT and nothing else.",
  ),
  refusedJwt(
    /lookup failed:/i,
    "Kubernetes does not accept it",
    "Use the token of a service account that exists, in the cluster whose API is Host of the auth method.",
  ),
  refusedJwt(
    /claim/i,
    "its claims do not have the form that the auth method expects",
    "Compare its claims with ClaimMappings and ListClaimMappings of the auth method.",
  ),
];
