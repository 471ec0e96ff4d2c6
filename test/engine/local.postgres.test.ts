import * as LocalEngine from "../../layers/engine/local.ts"
import { EngineContract } from "../contract/index.ts"
import * as TestDatabase from "../support/TestDatabase.ts"

EngineContract.suite("the local engine on PostgreSQL", { engine: LocalEngine.layer, stores: TestDatabase.layer() })
