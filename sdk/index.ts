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
export { ConsulSnapshot } from "./consulSnapshot";
export { snapshotBefore, type SnapshotBeforeArgs } from "./snapshotBefore";
