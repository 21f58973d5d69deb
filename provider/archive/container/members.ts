/** Checks the three members of an archive and their checksums. */

import { createHash, type Hash } from "node:crypto";
import { malformed } from "../failures";
import { type ArchiveLimits, tooLarge } from "../limits";
import { MetaFile, type SnapshotMeta } from "../meta";
import { checkSums } from "./sums";
import { sentence } from "../../text";
import type { TarSink } from "./tar";

type Name = "meta.json" | "state.bin" | "SHA256SUMS";

export class Members implements TarSink {
  stateSize = 0;
  private readonly metaFile = new MetaFile();
  private readonly hashes: Readonly<Record<"meta.json" | "state.bin", Hash>> = {
    "meta.json": createHash("sha256"),
    "state.bin": createHash("sha256"),
  };
  private present: Name | undefined;
  /** Content of meta.json in the open entry, and of all SHA256SUMS entries so far. */
  private metaParts: Buffer[] = [];
  private metaBytes = 0;
  private sumsParts: Buffer[] = [];
  private sumsBytes = 0;

  /**
   * @param limits - this class enforces the sizes of meta.json and SHA256SUMS
   * @param metaPassed - called with meta.json as soon as it has passed
   * @param state - receives the content of `state.bin`; the bytes are not valid after the call
   */
  constructor(
    private readonly limits: ArchiveLimits,
    private readonly metaPassed: (meta: SnapshotMeta) => void,
    private readonly state: (bytes: Buffer) => void,
  ) {}

  open(name: string): void {
    if (name !== "meta.json" && name !== "state.bin" && name !== "SHA256SUMS") {
      throw malformed(
        sentence`the archive holds "${name}", which no snapshot does`,
        "An archive that was unpacked and packed again is no longer one that Consul takes: use the original.",
      );
    }
    this.present = name;
  }

  content(bytes: Buffer): void {
    switch (this.present) {
      case "state.bin":
        this.hashes["state.bin"].update(bytes);
        this.stateSize += bytes.length;
        this.state(bytes);
        break;
      case "meta.json":
        this.hashes["meta.json"].update(bytes);
        this.metaBytes += bytes.length;
        if (this.metaBytes > this.limits.metaBytes) throw tooLarge("meta.json is larger than any real one");
        this.metaParts.push(Buffer.from(bytes));
        break;
      case "SHA256SUMS":
        this.sumsBytes += bytes.length;
        if (this.sumsBytes > this.limits.sumsBytes) throw tooLarge("SHA256SUMS is larger than any real one");
        this.sumsParts.push(Buffer.from(bytes));
        break;
      case undefined:
        break;
    }
  }

  close(): void {
    if (this.present === "meta.json") {
      this.metaFile.read(Buffer.concat(this.metaParts));
      this.metaParts = [];
      this.metaPassed(this.metaFile.meta);
    }
    this.present = undefined;
  }

  /**
   * Checks the archive as a whole. Call it once, at the end.
   *
   * @throws SnapshotError `ARCHIVE_CHECKSUM` or `ARCHIVE_MALFORMED`
   */
  finish(): SnapshotMeta {
    const sums = new Map(Object.entries(this.hashes).map(([name, hash]) => [name, hash.digest("hex")]));
    checkSums(Buffer.concat(this.sumsParts), sums);
    return this.metaFile.meta;
  }
}
