/** Parses PEM files: their certificates and keys, and why one is unusable. */

import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { systemCode } from "./systemCode";

/** Splits at BEGIN lines: a certificate without an END line is damaged and must not be skipped. */
export function certificatesIn(bytes: Buffer): string[] {
  return bytes
    .toString()
    .split(/(?=-----BEGIN CERTIFICATE-----)/)
    .filter((block) => block.startsWith("-----BEGIN CERTIFICATE-----"));
}

/** Why bytes are not valid PEM certificates, as the rest of a sentence; `undefined` if they are. */
export function certificateProblem(bytes: Buffer): string | undefined {
  const certificates = certificatesIn(bytes);
  const broken = certificates.findIndex((text) => !isCertificate(text));
  if (broken !== -1) {
    return certificates.length === 1
      ? "has a PEM certificate that is damaged"
      : `has ${certificates.length} PEM certificates, of which number ${broken + 1} is damaged`;
  }
  if (certificates.length > 0) return undefined;
  return otherKind(bytes, "certificate");
}

function isCertificate(text: string | Buffer): boolean {
  try {
    new X509Certificate(text);
    return true;
  } catch {
    return false;
  }
}

/** The first DER elements of PKCS#12 (RFC 7292): a sequence that begins with the version, 3. */
const PKCS12 = /^30(82....|81..|80|[0-7].)020103/;

/** The actual format of the bytes, and how to convert them. */
function otherKind(bytes: Buffer, wanted: "certificate" | "private key"): string {
  const text = bytes.toString("latin1");
  const label = /-----BEGIN ([A-Z0-9 ]+)-----/.exec(text)?.[1];
  if (bytes.length === 0) return "is empty";
  if (label?.endsWith("PRIVATE KEY") === true && wanted === "certificate")
    return "holds a private key, not a certificate";
  if (label === "CERTIFICATE" && wanted === "private key") return "holds a certificate, not a private key";
  if (label === "TRUSTED CERTIFICATE")
    return 'is of OpenSSL\'s own kind ("TRUSTED CERTIFICATE"): convert it with openssl x509';
  if (label === "CERTIFICATE REQUEST") return "holds a certificate request, not a certificate";
  if (label?.includes("PKCS7") === true) return "is PKCS#7: convert it with openssl pkcs7 -print_certs";
  if (label === "OPENSSH PRIVATE KEY") return "holds an OpenSSH key, which TLS does not use";
  if (PKCS12.test(bytes.subarray(0, 16).toString("hex"))) {
    return "is PKCS#12: convert it to PEM with openssl pkcs12 -in FILE -nodes";
  }
  if (bytes[0] === 0x30) {
    if (isCertificate(bytes)) {
      return wanted === "certificate"
        ? "is a certificate in DER: convert it to PEM with openssl x509 -inform der"
        : "holds a certificate, not a private key";
    }
    if (wanted === "private key") return "is in DER: convert it to PEM with openssl pkey -inform der";
  }
  if (/^(\xff\xfe|\xfe\xff)/.test(text)) return "is UTF-16: save it as plain text (UTF-8)";
  return wanted === "certificate" ? "holds no readable PEM certificate" : "holds no readable PEM private key";
}

/** The key, or why the bytes are not a valid key, as the rest of a sentence. */
export function parseKey(bytes: Buffer): KeyObject | string {
  try {
    if (bytes.includes("-----BEGIN")) return createPrivateKey(bytes);
  } catch (error) {
    if (systemCode(error) === "ERR_MISSING_PASSPHRASE" || bytes.includes("ENCRYPTED")) {
      return "needs a passphrase: specify a key without one";
    }
    if (/-----BEGIN (RSA |EC )?PRIVATE KEY-----/.test(bytes.toString()))
      return "holds a PEM private key that is damaged";
  }
  return otherKind(bytes, "private key");
}
