import * as TestRunner from "effect/cluster/TestRunner"
import * as Layer from "effect/Layer"
import * as ClusterEngine from "../../layers/engine/cluster.ts"
import * as Memory from "../../layers/memory/index.ts"
import { EngineContract } from "../contract/index.ts"

EngineContract.suite("the cluster engine on memory", {
  engine: Layer.provide(ClusterEngine.layerWith({ patience: 0, machines: "one" }), TestRunner.layer),
  stores: Memory.layer,
  afterConflict: "awake"
})
