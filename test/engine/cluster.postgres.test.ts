import * as Layer from "effect/Layer"
import * as ClusterEngine from "../../layers/engine/cluster.ts"
import * as OneRunner from "../cluster/oneRunner.ts"
import { EngineContract } from "../contract/index.ts"
import * as TestDatabase from "../support/TestDatabase.ts"

EngineContract.suite("the cluster engine on PostgreSQL", {
  engine: Layer.provide(ClusterEngine.layerWith({ patience: 0 }), OneRunner.layer),
  stores: TestDatabase.layer(),
  afterConflict: "awake"
})
