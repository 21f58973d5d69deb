/** Temporary credentials of a role, from the STS client that the S3 library includes. */

import type { S3ClientConfig } from "@aws-sdk/client-s3";
import { compact } from "../../compact";
import { SnapshotError } from "../../errors";
import { unreadable } from "../../systemCode";
import { cleanLine, registerSecret } from "../../text";
import { type AwsKeys, loadAwsSts } from "../cloudSdks";
import type { AwsCredentials } from "../credentials";
import { registerKeys } from "./registeredKeys";
import { readSpecifiedFile } from "../../specifiedFile";

const SESSION_NAME = "consul-snapshot";

/**
 * Returns a provider of the role's credentials; the library calls it again before they expire.
 *
 * @param keys - the keys that assume the role. Default: those that AWS tools find
 */
export function assumedRole(
  {
    roleArn,
    roleSessionName = SESSION_NAME,
    webIdentityTokenFile,
    stsEndpoint,
  }: AwsCredentials & { readonly roleArn: string },
  keys: AwsKeys | undefined,
  region: string,
): NonNullable<S3ClientConfig["credentials"]> {
  const role = { RoleArn: roleArn, RoleSessionName: roleSessionName };
  return async () => {
    const { sts, findCredentials } = loadAwsSts();
    const options = compact({ region, endpoint: stsEndpoint });
    if (webIdentityTokenFile !== undefined) {
      // Read the file each time: Kubernetes replaces the token before it expires.
      const token = await readToken(webIdentityTokenFile);
      registerSecret(token);
      return sts.getDefaultRoleAssumerWithWebIdentity(options)({ ...role, WebIdentityToken: token });
    }
    const source = keys ?? (await findCredentials());
    registerKeys(source);
    return sts.getDefaultRoleAssumer(options)(source, role);
  };
}

async function readToken(path: string): Promise<string> {
  try {
    return (await readSpecifiedFile(path)).toString().trim();
  } catch (error) {
    throw new SnapshotError(
      "STORE_DENIED",
      `the web identity token cannot be read: ${cleanLine(unreadable(path, error))}`,
      "Check web_identity_token_file, and the owner and mode of the file.",
      error,
    );
  }
}
