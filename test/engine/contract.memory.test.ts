import * as LocalEngine from "../../layers/engine/local.ts"
import * as Memory from "../../layers/memory/index.ts"
import * as EngineContract from "../contract/EngineContract.ts"

EngineContract.suite("the local engine on memory", { engine: LocalEngine.layer, stores: Memory.layer })
