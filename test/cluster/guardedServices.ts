/** What a machine, or a program beside the machines, has below its engine where permissions and shares decide who may do what. */
import * as Layer from "effect/Layer"
import { AccessPolicy, AgentStateManager, ContextSharing } from "../../src/index.ts"

export const layer = ContextSharing.layer.pipe(
  Layer.provideMerge(AgentStateManager.layer()),
  Layer.provideMerge(AccessPolicy.layerScoped())
)
