import * as TestRunner from "effect/cluster/TestRunner"
import * as Layer from "effect/Layer"
import * as ClusterEngine from "../../layers/engine/cluster.ts"
import { EngineContract } from "../contract/index.ts"
import * as TestDatabase from "../support/TestDatabase.ts"

EngineContract.suite("the cluster engine on PostgreSQL", {
  engine: Layer.provide(ClusterEngine.layerWith({ patience: 0 }), TestRunner.layer),
  stores: TestDatabase.layer(),
  afterConflict: "awake"
})
