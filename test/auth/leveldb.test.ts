import * as TestDirectory from "../support/TestDirectory.ts"
import { suite } from "./suite/index.ts"

suite("the LevelDB store", TestDirectory.layer)
