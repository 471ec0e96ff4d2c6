import { ContextMetadataContract } from "../contract/index.ts"
import * as TestDirectory from "../support/TestDirectory.ts"

ContextMetadataContract.suite("the LevelDB stores", { layer: TestDirectory.layer })
