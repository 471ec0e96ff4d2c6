import * as Memory from "../../layers/memory/index.ts"
import * as recovery from "./recovery.ts"
import * as restarts from "./restarts.ts"

recovery.suite("memory", Memory.layer, 100)
restarts.suite("memory", Memory.layer)
