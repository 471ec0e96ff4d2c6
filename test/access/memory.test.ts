import * as Memory from "../../layers/memory/index.ts"
import { AccessContract } from "../contract/index.ts"

AccessContract.suite("the memory stores", { layer: Memory.layer })
