export type {
  ConsulAllowance,
  ConsulConnection,
  ConsulDecryption,
  ConsulDifference,
  ConsulEncryption,
  ConsulInspect,
  ConsulKeys,
  ConsulRecords,
  ConsulRestorable,
  ConsulRetention,
  ConsulSafetySnapshot,
  ConsulServer,
  ConsulSnapshotArgs,
  ConsulSnapshotRestoreArgs,
} from "./args";
export { ConsulSnapshot, type ConsulSnapshotGetOptions } from "./consulSnapshot";
export { ConsulSnapshotRestore } from "./consulSnapshotRestore";
export { snapshotBefore, type SnapshotBeforeArgs } from "./snapshotBefore";
