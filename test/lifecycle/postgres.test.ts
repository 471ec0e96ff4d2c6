import { ContextLifecycleContract } from "../contract/index.ts"
import * as TestDatabase from "../support/TestDatabase.ts"

ContextLifecycleContract.suite("PostgreSQL", { layer: TestDatabase.layer() })
