export type {
  ConsulAllowance,
  ConsulArchive,
  ConsulConnection,
  ConsulConnectionArgs,
  ConsulDecryption,
  ConsulDecryptionArgs,
  ConsulDifference,
  ConsulEncryption,
  ConsulEncryptionArgs,
  ConsulHeaderArgs,
  ConsulInspect,
  ConsulInspectArgs,
  ConsulKeys,
  ConsulRecords,
  ConsulRestorable,
  ConsulRetention,
  ConsulRetentionArgs,
  ConsulSafetySnapshot,
  ConsulSafetySnapshotArgs,
  ConsulServer,
  ConsulSnapshotArgs,
  ConsulSnapshotRestoreArgs,
} from "./args";
export { ConsulSnapshot, type ConsulSnapshotGetOptions, type ConsulSnapshotState } from "./consulSnapshot";
export { ConsulSnapshotRestore } from "./consulSnapshotRestore";
export { snapshotBefore, type SnapshotBeforeArgs, type SnapshotBeforeEvent } from "./snapshotBefore";
