/**
 * Credentials of one store, for a process that writes to several with different ones. Without them a store finds its
 * credentials as the cloud's own tools do: environment, profile, the machine's identity.
 */

/** Hints of a front end that does not set a store up by the URL of a target. */
export interface StoreHints {
  /** Access is denied. */
  readonly denied: string;
  /** No credentials are found. Default: the same hint as for a target. */
  readonly noCredentials?: string;
  /** A region or an account is missing or invalid. Default: the same hint as for a target. */
  readonly incomplete?: string;
}

export interface StoreCredentials {
  readonly aws?: AwsCredentials;
  readonly azure?: AzureCredentials;
  readonly google?: GoogleCredentials;
}

export interface AwsCredentials {
  /** Both halves of a key, or neither. */
  readonly accessKeyId?: string;
  readonly secretAccessKey?: string;
  readonly sessionToken?: string;
  /**
   * A role to assume, with the key, with credentials from the environment, or with the token in `webIdentityTokenFile`.
   */
  readonly roleArn?: string;
  readonly roleSessionName?: string;
  readonly webIdentityTokenFile?: string;
  /** Default: the endpoint of the region. */
  readonly stsEndpoint?: string;
}

export interface AzureCredentials {
  readonly accountKey?: string;
  readonly servicePrincipal?: {
    readonly tenantId: string;
    readonly clientId: string;
    readonly clientSecret: string;
  };
}

export interface GoogleCredentials {
  /** The path of a credentials file. */
  readonly credentialsFile?: string;
}
