export type {
  ConsulConnection,
  ConsulDecryption,
  ConsulEncryption,
  ConsulInspect,
  ConsulKeys,
  ConsulRecords,
  ConsulRestorable,
  ConsulRetention,
  ConsulServer,
  ConsulSnapshotArgs,
} from "./args";
export { ConsulSnapshot, type ConsulSnapshotGetOptions } from "./consulSnapshot";
export { snapshotBefore, type SnapshotBeforeArgs } from "./snapshotBefore";
