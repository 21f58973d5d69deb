/** The proxies of the environment, as the libraries of Google and Azure read them. */

import { hasScheme, parseProxyUrl } from "../proxyUrl";
import { SnapshotError } from "../errors";

/** Of each list, a library uses the first variable that is set. */
type Precedence = readonly (readonly string[])[];

export const GOOGLE_PROXIES: Precedence = [["HTTPS_PROXY"], ["https_proxy"], ["HTTP_PROXY"], ["http_proxy"]];
export const AZURE_PROXIES: Precedence = [
  ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "HTTP_PROXY", "http_proxy"],
];

/**
 * Checks the variables before a library reads them: an unusable one is an error without a name there, and one whose password
 * cannot be decoded ends the process (https-proxy-agent 7.0: its socket then has no listener for errors).
 *
 * @param direct - whether the library reaches the store without a proxy, so that the scheme does not matter. Default: no
 * @throws SnapshotError `TARGET_INVALID`
 */
export function checkProxyVariables(
  precedence: Precedence,
  direct = false,
  env: NodeJS.ProcessEnv = process.env,
): void {
  for (const names of precedence) {
    const name = names.find((each) => (env[each] ?? "") !== "");
    const value = name === undefined ? undefined : env[name];
    if (name === undefined || value === undefined) continue;
    if (direct && URL.canParse(value) && !hasScheme(value)) continue;
    if (!hasScheme(value)) throw unusable(`${name} has no scheme`, `Write ${name} as http://host:port.`);
    try {
      parseProxyUrl(name, value);
    } catch (error) {
      throw unusable(error instanceof Error ? error.message : name, `Write ${name} as http://host:port, or unset it.`);
    }
  }
}

/** Whether Azure's library reaches a host without a proxy: `isBypassed` of @typespec/ts-http-runtime. Google's parses it anyway. */
export function isExemptInAzure(host: string, env: NodeJS.ProcessEnv = process.env): boolean {
  const exempt = (env.NO_PROXY ?? env.no_proxy ?? "").split(",").map((each) => each.trim());
  return exempt.some((each) => host === each || (each.startsWith(".") && `.${host}`.endsWith(each)));
}

function unusable(reason: string, hint: string): SnapshotError {
  return new SnapshotError("TARGET_INVALID", `the proxy of the environment cannot be used: ${reason}`, hint);
}
