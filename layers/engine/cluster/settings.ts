/**
 * The settings of the cluster under which the promises of the engine about time hold.
 */
import type { ShardingConfig } from "effect/cluster/ShardingConfig"

/**
 * Settings for `NodeClusterSocket.layer({ shardingConfig })`, under which an actor whose machine dies answers again within five seconds. A machine that says
 * nothing for three seconds, even for a busy moment, loses its actors to others; raise `shardLockExpiration`, and `shardLockRefreshInterval` to a
 * third of it, where calm is worth more than haste.
 */
export const settings = {
  shardLockRefreshInterval: "1 second",
  shardLockExpiration: "3 seconds",
  runnerHealthCheckInterval: "1 second",
  refreshAssignmentsInterval: "500 millis",
  entityMessagePollInterval: "2 seconds",
  maxResidentEntities: "unbounded",
  // Commands are texts already when the cluster gets them.
  simulateRemoteSerialization: false
} satisfies Partial<ShardingConfig["Service"]>
