import * as Memory from "../../layers/memory/index.ts"
import { ContextLifecycleContract } from "../contract/index.ts"

ContextLifecycleContract.suite("the memory stores", { layer: Memory.layer })
