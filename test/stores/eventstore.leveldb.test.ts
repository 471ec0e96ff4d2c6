import { EventStoreContract } from "../contract/index.ts"
import * as TestDirectory from "../support/TestDirectory.ts"

EventStoreContract.suite("the LevelDB store", { layer: TestDirectory.layer })
