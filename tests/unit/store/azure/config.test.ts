import { createServer } from "node:http";
import { inspect } from "node:util";
import type { TokenCredential } from "@azure/identity";
import { expect } from "chai";
import { SnapshotError } from "../../../../provider/errors";
import { azureContainer, loginOptions } from "../../../../provider/store/azure/config";
import { parseLocation } from "../../../../provider/store/location";
import { cleanText } from "../../../../provider/text";
import { listenOnLoopback } from "../../../support/faults/listening";

function refusal(env: NodeJS.ProcessEnv, settings = ""): SnapshotError {
  try {
    azureContainer(parseLocation(`azblob://container/x${settings}`), env);
  } catch (error) {
    if (error instanceof SnapshotError) return error;
    throw error;
  }
  throw new Error("it was accepted");
}

describe("a client of Azure", () => {
  for (const name of ["AZURE_STORAGE_CONNECTION_STRING", "AZURE_STORAGEBLOB_CONNECTIONSTRING"]) {
    for (const text of [
      "geheim",
      "https://geheim",
      "AccountName=a;AccountKey=geheim",
      "DefaultEndpointsProtocol=ftp;AccountName=a;AccountKey=geheim;EndpointSuffix=core.windows.net",
      "BlobEndpoint=geheim;SharedAccessSignature=sig=geheim",
    ]) {
      it(`names ${name} when it is ${text}, and shows nothing of it`, () => {
        const error = refusal({ [name]: text });
        expect(error.code).to.equal("STORE_DENIED");
        expect(error.message).to.equal(`${name} is not a connection string`);
        expect(inspect(error, { depth: null })).to.not.include("geheim");
      });
    }
  }

  it("takes a connection string", () => {
    const text = "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=AAAA;EndpointSuffix=core.windows.net";
    const { url } = azureContainer(parseLocation("azblob://container/x"), { AZURE_STORAGE_CONNECTION_STRING: text });
    expect(url).to.equal("https://a.blob.core.windows.net/container");
  });

  it("does not show a token that only the library gets, here for the identity of a machine", async () => {
    const token = "eyJ0eXAiOiJKV1Qi.TokenOfAManagedIdentity";
    const server = createServer((_request, response) => {
      const expires_on = String(Math.floor(Date.now() / 1000) + 3600);
      const body = { access_token: token, expires_on, resource: "https://storage.azure.com", token_type: "Bearer" };
      response.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify(body));
    });
    const identity = await listenOnLoopback(server);
    const former = { ...process.env };
    Object.assign(process.env, { IDENTITY_ENDPOINT: `http://${identity.address}/token`, IDENTITY_HEADER: "header" });
    try {
      const container = azureContainer(parseLocation("azblob://container/x?storage_account=a"), {});
      expect(container).to.have.property("credential");
      const { credential } = container as unknown as { readonly credential: TokenCredential };
      expect(cleanText(`echo ${token}`)).to.equal(`echo ${token}`);
      expect((await credential.getToken("https://storage.azure.com/.default"))?.token).to.equal(token);
      expect(cleanText(`echo ${token}`)).to.equal("echo …");
    } finally {
      process.env = former;
      await identity.stop();
    }
  }).timeout(30_000);

  it("logs in where the cloud of the account grants access, unless the environment names a place", () => {
    const login = (url: string, env: NodeJS.ProcessEnv = {}) => loginOptions(url, env).authorityHost;
    expect(login("https://a.blob.core.windows.net/c")).to.equal(undefined);
    expect(login("https://a.blob.core.chinacloudapi.cn/c")).to.equal("https://login.chinacloudapi.cn");
    expect(login("https://a.blob.core.usgovcloudapi.net/c")).to.equal("https://login.microsoftonline.us");
    expect(login("https://a.blob.core.chinacloudapi.cn/c", { AZURE_AUTHORITY_HOST: "https://x" })).to.equal(undefined);
  });

  it("is refused an account that makes no URL", () => {
    expect(refusal({}, "?storage_account=a%20b").code).to.equal("TARGET_INVALID");
    expect(refusal({ AZURE_STORAGE_ACCOUNT: "a b", AZURE_STORAGE_KEY: "geheim" }).code).to.equal("TARGET_INVALID");
  });
});
