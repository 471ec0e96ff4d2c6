import { AccessContract } from "../contract/index.ts"
import * as TestDatabase from "../support/TestDatabase.ts"

AccessContract.suite("the PostgreSQL stores", { layer: TestDatabase.layer() })
