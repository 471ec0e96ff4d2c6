import * as Layer from "effect/Layer"
import * as ClusterEngine from "../../layers/engine/cluster.ts"
import * as Memory from "../../layers/memory/index.ts"
import * as OneRunner from "../cluster/oneRunner.ts"
import { EngineContract } from "../contract/index.ts"

EngineContract.suite("the cluster engine on memory", {
  engine: Layer.provide(ClusterEngine.layerWith({ patience: 0, machines: "one" }), OneRunner.layer),
  stores: Memory.layer,
  afterConflict: "awake"
})
