/**
 * The inside of an `AgentStateManager`, for the services around agents: the same cache and the same lanes, but nobody is asked whether he may.
 * The layer of the manager provides it; it is no part of what the package promises.
 */
import * as Context from "effect/Context"
import type { StateReducer } from "../StateReducer.ts"
import type { AgentReader } from "./AgentReader.ts"
import type { AgentWriter } from "./AgentWriter.ts"

/** Reads and writes of one manager. Whoever uses them has asked the `AccessPolicy`. */
export class AgentInterior extends Context.Service<
  AgentInterior,
  { readonly reader: AgentReader; readonly writer: AgentWriter; readonly reducer: StateReducer }
>()("pantheon-state/AgentInterior") {}
