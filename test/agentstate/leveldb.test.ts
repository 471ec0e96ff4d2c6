import * as TestDirectory from "../support/TestDirectory.ts"
import { suite } from "./suite/index.ts"

suite("LevelDB", TestDirectory.layer)
