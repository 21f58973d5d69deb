import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { checkConnection, type ConnectionArgs, resolveConnection } from "../../../provider/consul/connection";
import { type Certificates, makeCertificates } from "../../support/consul/certificates";

const sources = { config: () => undefined, env: {} };

describe("the certificates of a connection", function () {
  this.timeout(60_000);
  let ours: Certificates;
  let folder: string;
  before(async () => {
    ours = await makeCertificates();
    folder = mkdtempSync(join(tmpdir(), "certificates-test-"));
  });
  after(async () => {
    rmSync(folder, { recursive: true, force: true });
    await ours.remove();
  });

  const file = (name: string, bytes: string | Buffer): string => {
    writeFileSync(join(folder, name), bytes);
    return join(folder, name);
  };
  const openssl = (...args: string[]): Buffer => execFileSync("openssl", args, { stdio: ["ignore", "pipe", "ignore"] });
  const reasons = (args: ConnectionArgs): string[] => checkConnection(args, sources).map(({ reason }) => reason);
  /** What is wrong with an authority of this content. */
  const authority = (bytes: string | Buffer): string => {
    const [reason = ""] = reasons({ address: "https://c", caFile: file("ca", bytes) });
    return reason.replace("connection.caFile ", "");
  };
  const key = (bytes: string | Buffer): string => {
    const [reason = ""] = reasons({ certFile: ours.clientCert, keyFile: file("key", bytes) });
    return reason.replace("connection.keyFile ", "");
  };

  it("of another kind get a sentence each, with the command that converts them", () => {
    const pem = readFileSync(ours.caFile, "utf8");
    const der = openssl("x509", "-in", ours.caFile, "-outform", "der");
    const pkcs12 = openssl("pkcs12", "-export", "-in", ours.clientCert, "-inkey", ours.clientKey, "-passout", "pass:");
    expect(authority(der)).to.match(/^is a certificate in DER: .*openssl x509 -inform der/);
    expect(authority(pkcs12)).to.match(/^is PKCS#12: .*openssl pkcs12/);
    expect(authority(openssl("crl2pkcs7", "-nocrl", "-certfile", ours.caFile))).to.match(/^is PKCS#7/);
    expect(authority(openssl("x509", "-in", ours.caFile, "-trustout"))).to.match(/TRUSTED CERTIFICATE/);
    expect(authority(readFileSync(ours.clientKey))).to.equal("holds a private key, not a certificate");
    expect(authority(Buffer.from(`\ufeff${pem}`, "utf16le"))).to.match(/^is UTF-16/);
    expect(authority("")).to.equal("is empty");
    expect(authority("hello")).to.equal("holds no readable PEM certificate");
    expect(authority(pem.replace(/(?<=\n)\S{8}/, "AAAA%%%%"))).to.equal("has a PEM certificate that is damaged");
    expect(authority(`${pem}${pem.slice(0, 200)}\n`)).to.equal("has 2 PEM certificates, of which number 2 is damaged");
    expect(authority(`${pem.slice(0, 200)}\n${pem}${pem}`)).to.match(/^has 3 PEM certificates, of which number 1 is/);
    expect(authority(`a comment\n${pem}\n${pem}`), "a bundle with comments").to.equal("");
  });

  it("and so do keys", () => {
    const pem = readFileSync(ours.clientKey, "utf8");
    expect(key(openssl("pkey", "-in", ours.clientKey, "-outform", "der"))).to.match(
      /^is in DER: .*openssl pkey -inform der/,
    );
    expect(key(openssl("pkey", "-in", ours.clientKey, "-aes256", "-passout", "pass:secret"))).to.match(
      /^needs a passphrase/,
    );
    expect(key(openssl("ec", "-in", ours.clientKey, "-aes256", "-passout", "pass:secret"))).to.match(
      /^needs a passphrase/,
    );
    expect(key(readFileSync(ours.clientCert))).to.equal("holds a certificate, not a private key");
    expect(key(pem.replace(/(?<=\n)\S{8}/, "AAAA%%%%"))).to.equal("holds a PEM private key that is damaged");
    expect(key("hello")).to.equal("holds no readable PEM private key");
    expect(reasons({ certFile: ours.clientKey, keyFile: ours.clientCert })).to.deep.equal([
      "connection.certFile holds a private key, not a certificate",
      "connection.keyFile holds a certificate, not a private key",
    ]);
  });

  describe("in a folder", () => {
    const ca = (caPath: string): string | undefined =>
      resolveConnection({ address: "https://c", caPath }, sources).tls?.ca;

    it("that Kubernetes has mounted are read once each, through its links", () => {
      const mount = join(folder, "mount");
      mkdirSync(join(mount, "..2026_11_25_20_00_00.123"), { recursive: true });
      cpSync(ours.caFile, join(mount, "..2026_11_25_20_00_00.123", "ca.crt"));
      symlinkSync("..2026_11_25_20_00_00.123", join(mount, "..data"));
      symlinkSync("..data/ca.crt", join(mount, "ca.crt"));
      expect(ca(mount)).to.equal(readFileSync(ours.caFile, "utf8"));
    });

    it("are read beside keys, notes, folders and links that lead nowhere", () => {
      const mixed = join(folder, "mixed");
      mkdirSync(join(mixed, "old"), { recursive: true });
      cpSync(ours.caFile, join(mixed, "ca.pem"));
      cpSync(ours.clientKey, join(mixed, "tls.key"));
      writeFileSync(join(mixed, "README"), "hello");
      symlinkSync("/nowhere", join(mixed, "gone.pem"));
      expect(ca(mixed)).to.equal(readFileSync(ours.caFile, "utf8"));
    });

    it("are refused where one is damaged or of another kind: it would be missing later", () => {
      const broken = join(folder, "broken");
      mkdirSync(broken);
      cpSync(ours.caFile, join(broken, "a.pem"));
      writeFileSync(join(broken, "b.pem"), readFileSync(ours.caFile, "utf8").slice(0, 200));
      expect(reasons({ caPath: broken })).to.deep.equal([
        `connection.caPath: ${broken}/b.pem has a PEM certificate that is damaged`,
      ]);
    });

    it("are missed where there are none, and where the folder is a file or the file a folder", () => {
      const empty = join(folder, "empty");
      mkdirSync(empty);
      expect(reasons({ caPath: empty })).to.deep.equal([
        `connection.caPath: no file in ${empty} holds a PEM certificate`,
      ]);
      expect(reasons({ caPath: ours.caFile })[0]).to.include("is a file, not a folder: use caFile");
      expect(reasons({ caFile: folder })[0]).to.include("is a folder: use caPath");
    });
  });
});
