import * as Memory from "../../layers/memory/index.ts"
import { SharingContract } from "../contract/index.ts"

SharingContract.suite("the memory stores", { layer: Memory.layer })
