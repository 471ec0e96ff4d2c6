import * as TestDatabase from "../support/TestDatabase.ts"
import * as recovery from "./recovery.ts"
import * as restarts from "./restarts.ts"

recovery.suite("PostgreSQL", TestDatabase.layer(), 20)
restarts.suite("PostgreSQL", TestDatabase.layer())
