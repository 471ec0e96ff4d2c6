import * as Memory from "../../layers/memory/index.ts"
import { ContextMetadataContract } from "../contract/index.ts"

ContextMetadataContract.suite("the memory stores", { layer: Memory.layer })
