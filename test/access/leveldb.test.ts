import { AccessContract } from "../contract/index.ts"
import * as TestDirectory from "../support/TestDirectory.ts"

AccessContract.suite("the LevelDB stores", { layer: TestDirectory.layer })
