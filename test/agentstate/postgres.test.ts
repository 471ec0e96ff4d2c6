import * as TestDatabase from "../support/TestDatabase.ts"
import { suite } from "./suite/index.ts"

suite("PostgreSQL", TestDatabase.layer())
