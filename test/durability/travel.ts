/** An agent with many events goes from a store into a file and back as another one, each step in a process of its own with little memory. */
import { rmSync } from "node:fs"
import { join } from "node:path"
import * as Schema from "effect/Schema"
import { Child } from "../support/Child.ts"
import { type Place, toText } from "./place.ts"
import type { Outcome } from "./writerKills.ts"

const script = join(import.meta.dirname, "traveller.ts")

const Said = Schema.fromJsonString(
  Schema.Struct({ seconds: Schema.Number, megabytes: Schema.Number, result: Schema.optionalKey(Schema.Unknown) })
)
const decode = Schema.decodeSync(Said)

// What a process may take altogether, of which Node and the modules of this library take a good half.
const mostMegabytes = 200

/** Makes, exports and imports so many events. */
export const travel = async (place: Place, count: number, home: string): Promise<Outcome> => {
  const file = join(home, `${place._tag}.ndjson`)
  const violations: Array<string> = []
  for (const step of ["make", "export", "import"]) {
    const child = new Child(script, [step, toText(place), String(count), file], { flags })
    const { code } = await child.ended
    if (code !== 0) return { kills: 0, acknowledged: 0, violations: [`${step} failed: ${child.stderr.slice(0, 2000)}`] }
    const { megabytes } = decode(child.stdout.trim())
    if (megabytes > mostMegabytes && step !== "make") violations.push(`${step} took ${megabytes} megabytes`)
    if (step === "import" && !child.stdout.includes(`"last":${count}`)) violations.push("not all events came")
  }
  rmSync(file)
  return { kills: 0, acknowledged: count, violations }
}

// Else V8 lets garbage lie for as long as the machine has memory.
const flags = ["--max-old-space-size=64", "--max-semi-space-size=2"]
