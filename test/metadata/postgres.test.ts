import { ContextMetadataContract } from "../contract/index.ts"
import * as TestDatabase from "../support/TestDatabase.ts"

ContextMetadataContract.suite("the PostgreSQL stores", { layer: TestDatabase.layer() })
