import { SnapshotStoreContract } from "../contract/index.ts"
import * as TestDatabase from "../support/TestDatabase.ts"

SnapshotStoreContract.suite("the PostgreSQL store", { layer: TestDatabase.layer() })

SnapshotStoreContract.suite("the PostgreSQL store of a tenant, with prefixed tables", {
  layer: TestDatabase.layer({ tablePrefix: "actor_", tenant: "a tenant, \u00fc'\"" })
})
