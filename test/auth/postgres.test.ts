import * as TestDatabase from "../support/TestDatabase.ts"
import { suite } from "./suite/index.ts"

suite("the PostgreSQL store", TestDatabase.layer())
