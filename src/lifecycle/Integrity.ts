/**
 * Whether a context is what its events make of it: every event is read, looked up and folded once more, and compared with what the manager and
 * the snapshots say. Nothing is changed.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { AgentInterior } from "../agent/AgentInterior.ts"
import type { ReadError } from "../StoreError.ts"
import type { Stores } from "../store/Replay.ts"
import { Finding } from "./Finding.ts"
import { Inspection } from "./Inspection.ts"

/** What is wrong with a context, as it is found; nothing is as it should be. The context as it is when the check begins is looked at. */
export const check = (
  stores: Stores,
  interior: AgentInterior["Service"],
  agentId: string
): Stream.Stream<Finding, ReadError> =>
  Stream.unwrap(
    Effect.gen(function* () {
      const head = yield* stores.events.head(agentId)
      if (head.presence === "missing") return Stream.make(Finding.make({ _tag: "Missing" }))
      const inspection = new Inspection(stores, interior, agentId, head)
      yield* inspection.begin
      const pages = Stream.paginate(head.firstVersion || head.version + 1, (from) => {
        const to = Math.min(from + pageSize - 1, head.version)
        const next = to === head.version ? Option.none<number>() : Option.some(to + 1)
        return Effect.map(from > to ? Effect.void : inspection.page(from, to), () => [inspection.take(), next] as const)
      })
      const ending = Effect.map(inspection.end, () => inspection.take())
      return Stream.concat(pages, Stream.fromIterableEffect(ending))
    })
  )

const pageSize = 500
