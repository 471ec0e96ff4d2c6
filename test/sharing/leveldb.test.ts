import { SharingContract } from "../contract/index.ts"
import * as TestDirectory from "../support/TestDirectory.ts"

SharingContract.suite("the LevelDB stores", { layer: TestDirectory.layer })
