/**
 * What every engine must do, wherever it runs its actors.
 */
import { describe, it } from "@effect/vitest"
import * as EngineModel from "./EngineModel.ts"
import * as access from "./engine/access.ts"
import * as children from "./engine/children.ts"
import * as closing from "./engine/closing.ts"
import * as commandIds from "./engine/commandIds.ts"
import * as crashes from "./engine/crashes.ts"
import * as escalating from "./engine/escalating.ts"
import * as families from "./engine/families.ts"
import * as input from "./engine/input.ts"
import * as mailboxes from "./engine/mailboxes.ts"
import * as outcomes from "./engine/outcomes.ts"
import * as pausing from "./engine/pausing.ts"
import * as promises from "./engine/promises.ts"
import * as recovery from "./engine/recovery.ts"
import * as restarting from "./engine/restarting.ts"
import * as retention from "./engine/retention.ts"
import * as rounds from "./engine/rounds.ts"
import * as services from "./engine/services.ts"
import * as snapshots from "./engine/snapshots.ts"
import * as stopping from "./engine/stopping.ts"
import { environment, type Options } from "./engine/support.ts"
import * as timeouts from "./engine/timeouts.ts"
import * as timers from "./engine/timers.ts"
import * as unrecorded from "./engine/unrecorded.ts"
import * as watching from "./engine/watching.ts"
import * as writers from "./engine/writers.ts"

export type { Options } from "./engine/support.ts"

const themes = [
  promises,
  rounds,
  commandIds,
  unrecorded,
  crashes,
  writers,
  services,
  outcomes,
  recovery,
  snapshots,
  retention,
  stopping,
  mailboxes,
  timers,
  children,
  families,
  watching,
  pausing,
  restarting,
  escalating,
  timeouts,
  input,
  access,
  closing,
  EngineModel
]

/** Registers the suite under a name such as `the local engine on memory`. */
export const suite = <E>(name: string, options: Options<E>): void => {
  // A real store on a busy machine may need longer than the usual five seconds.
  describe(name, { timeout: 180_000 }, () => {
    it.layer(environment(options), { excludeTestServices: true, timeout: "60 seconds" })("while it runs", (it) => {
      for (const theme of themes) theme.register(it)
    })
  })
}
