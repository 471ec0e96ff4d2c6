/** Memory: what the store costs without a disk below it. */
import * as Memory from "../../layers/memory/index.ts"
import { compare, type Effort, type Row } from "../harness.ts"
import * as pantheon from "../targets/pantheon.ts"
import { contender } from "../targets/Target.ts"
import { population, Visits } from "../workload.ts"

export const run = async (effort: Effort): Promise<ReadonlyArray<Row>> => {
  const labels = { suite: "memory", unit: "events" }
  const rows: Array<Row> = []
  for (const inFlight of [1, 256]) {
    const target = await pantheon.make("pantheon", Memory.layer, new Visits(population))
    rows.push(
      ...(await compare(effort, { ...labels, setting: `${inFlight} in flight` }, [contender(target, inFlight)]))
    )
    await target.close()
  }
  return rows
}
