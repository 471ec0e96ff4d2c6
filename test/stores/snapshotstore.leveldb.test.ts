import { SnapshotStoreContract } from "../contract/index.ts"
import * as TestDirectory from "../support/TestDirectory.ts"

SnapshotStoreContract.suite("the LevelDB store", { layer: TestDirectory.layer })
