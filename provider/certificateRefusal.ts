/** Why this side refused the certificate of a server. */

export type CertificateRefusal = "otherHost" | "notValidNow" | "unknownAuthority";

/** Of OpenSSL's verification, those that are about the issuer; they have no prefix in common. */
const ISSUER =
  /^(SELF_SIGNED_CERT|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_(GET|VERIFY|DECRYPT|DECODE)|CERT_|CRL_SIGNATURE|ERROR_IN_CERT|INVALID_CA)/;

/**
 * @param code - of Node.js (`ERR_TLS_CERT_ALTNAME_INVALID`) or of OpenSSL's verification, as Node.js 20 to 24 passes it on
 * @returns `undefined` for the code of another problem
 */
export function certificateRefusal(code: string): CertificateRefusal | undefined {
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") return "otherHost";
  if (code === "CERT_HAS_EXPIRED" || code === "CERT_NOT_YET_VALID") return "notValidNow";
  return ISSUER.test(code) ? "unknownAuthority" : undefined;
}

/** What to do about a certificate that is not valid now. */
export const RENEW_CERTIFICATE = "Renew it, or correct the clock of this machine.";
