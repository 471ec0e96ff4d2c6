import { EventStoreContract } from "../contract/index.ts"
import * as TestDatabase from "../support/TestDatabase.ts"

EventStoreContract.suite("the PostgreSQL store", { layer: TestDatabase.layer() })

EventStoreContract.suite("the PostgreSQL store of a tenant, with prefixed tables", {
  layer: TestDatabase.layer({ tablePrefix: "actor_", tenant: "a tenant, \u00fc'\"" })
})
