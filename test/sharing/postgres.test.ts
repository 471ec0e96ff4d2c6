import { SharingContract } from "../contract/index.ts"
import * as TestDatabase from "../support/TestDatabase.ts"

SharingContract.suite("the PostgreSQL stores", { layer: TestDatabase.layer() })
