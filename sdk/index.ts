export type {
  ConsulConnection,
  ConsulInspect,
  ConsulKeys,
  ConsulRecords,
  ConsulRestorable,
  ConsulRetention,
  ConsulServer,
  ConsulSnapshotArgs,
} from "./args";
export { ConsulSnapshot } from "./consulSnapshot";
