import { ContextLifecycleContract } from "../contract/index.ts"
import * as TestDirectory from "../support/TestDirectory.ts"

ContextLifecycleContract.suite("LevelDB", { layer: TestDirectory.layer })
