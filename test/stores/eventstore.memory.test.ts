import * as Memory from "../../layers/memory/index.ts"
import { EventStoreContract } from "../contract/index.ts"

EventStoreContract.suite("the memory store", { layer: Memory.layer })
