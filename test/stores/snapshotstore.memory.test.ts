import * as Memory from "../../layers/memory/index.ts"
import { SnapshotStoreContract } from "../contract/index.ts"

SnapshotStoreContract.suite("the memory store", { layer: Memory.layer })
