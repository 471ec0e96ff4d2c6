import * as LocalEngine from "../../layers/engine/local.ts"
import * as Memory from "../../layers/memory/index.ts"
import { EngineContract } from "../contract/index.ts"

EngineContract.suite("the local engine on memory", { engine: LocalEngine.layer, stores: Memory.layer })
