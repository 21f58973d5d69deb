/** What a store and its test server offer to the tests. */

/** Bucket and key of a URL, as `aws s3 cp` and `gcloud storage cp` split it: nothing is decoded, and `?` is part of a key. */
export function placeIn(url: string): { readonly bucket: string; readonly key: string } {
  const [, bucket = "", key = ""] = /^[a-z0-9]+:\/\/([^/]+)\/(.+)$/s.exec(url) ?? [];
  return { bucket, key };
}

/** What a store or its test server may be unable to show. */
export type Inability =
  | "silence"
  | "server crash"
  | "wrong credentials"
  | "missing permission"
  | "missing bucket"
  | "locks"
  | "leavings";

export interface StoreServer {
  /** What a program needs in its environment to reach it. */
  readonly env: Readonly<Record<string, string>>;
  /**
   * A target or location of this store.
   *
   * @param bucket - default: one that is there
   * @param port - of a proxy to go through; default: straight to the server
   */
  url(key: string, bucket?: string, port?: number): string;
  /** Where the server listens; 0 where there is none. */
  readonly port: number;
  /** The id of the server's process, if it is one of its own. */
  readonly pid?: number | undefined;
  /** An environment whose credentials are wrong. */
  readonly wrongCredentials?: Readonly<Record<string, string>>;
  /** An environment whose credentials may list and read, but not write. */
  readonly readOnly?: Readonly<Record<string, string>>;
  /** An environment whose credentials have the smallest rights that docs/how-to/use-a-bucket.md names, with those to delete or without. */
  leastRights?(deleting: boolean): Promise<Readonly<Record<string, string>>>;
  /** What killed writers left. */
  readonly leavings?: {
    /** The names that unfinished writes were to have; a folder knows only that there are some. */
    names(): Promise<string[]>;
    /** Makes those that there are two days older. */
    age(): Promise<void>;
    /** Leaves something unfinished that is not ours, though its name begins so, and says how `names` shows it. */
    foreign(beginning: string): Promise<string>;
  };
  /**
   * What the vendor's own client reads at the output `url` of a snapshot, as a user's tool splits it; absent where there is no
   * such client.
   */
  vendorRead?(url: string): Promise<Uint8Array>;
  /** Makes a small object at each key, faster than through the store. */
  fill(keys: readonly string[]): Promise<void>;
  /** Lets the server fall silent, and speak again. */
  freeze(): void;
  thaw(): void;
  /** Ends the server as a crash does, and starts it again on the same data, if it keeps any. */
  kill(): Promise<void>;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export interface StoreKind {
  readonly name: string;
  /** What cannot be shown, with the reason; the suite's output lists it. */
  readonly unable: Readonly<Partial<Record<Inability, string>>>;
  /** What the test server lets pass though the real service does not: shown as such. */
  readonly ignores?: readonly Inability[];
  /** How the request begins that makes an object visible. */
  readonly lastRequest?: RegExp;
  /** Whether the test server's time grows faster than an object's size. */
  readonly slow?: boolean;
  start(): Promise<StoreServer>;
}
