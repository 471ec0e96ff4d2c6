import * as Memory from "../../layers/memory/index.ts"
import { suite } from "./suite/index.ts"

suite("the memory store", Memory.layer)
