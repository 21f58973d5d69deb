/** Why this side refused the certificate of a server. */

export type CertificateRefusal = "otherHost" | "notValidNow" | "unknownAuthority" | "unsuitable";

/** Of OpenSSL's verification, those that are about the issuer; they have no prefix in common. */
const ISSUER =
  /^(SELF_SIGNED_CERT|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_(GET|VERIFY|DECRYPT|DECODE)|CERT_|CRL_SIGNATURE|ERROR_IN_CERT|INVALID_CA)/;

/** Not a certificate for servers, revoked, or (`UNSPECIFIED`) with a key or a digest that OpenSSL calls too weak. */
const UNSUITABLE = /^(INVALID_PURPOSE|PATH_LENGTH_EXCEEDED|CERT_REVOKED|UNSPECIFIED)$/;

/**
 * @param code - of Node.js (`ERR_TLS_CERT_ALTNAME_INVALID`) or of OpenSSL's verification, as Node.js 20 to 24 passes it on
 * @returns `undefined` for the code of another problem
 */
export function certificateRefusal(code: string): CertificateRefusal | undefined {
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID" || code === "HOSTNAME_MISMATCH") return "otherHost";
  if (code === "CERT_HAS_EXPIRED" || code === "CERT_NOT_YET_VALID") return "notValidNow";
  if (UNSUITABLE.test(code)) return "unsuitable";
  return ISSUER.test(code) ? "unknownAuthority" : undefined;
}

/** What to do about a certificate that is not valid now. */
export const RENEW_CERTIFICATE = "Renew it, or correct the clock of this machine.";

/** What to do about a certificate that cannot be used for a server. */
export const REPLACE_CERTIFICATE =
  "Give the server a certificate for servers (extended key usage serverAuth) that is not revoked, with keys and digests that are not outdated.";
