import * as TestDirectory from "../support/TestDirectory.ts"
import * as recovery from "./recovery.ts"
import * as restarts from "./restarts.ts"

recovery.suite("LevelDB", TestDirectory.layer, 20)
restarts.suite("LevelDB", TestDirectory.layer)
