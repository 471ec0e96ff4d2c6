/** What one idle actor weighs. Runs in a process of its own with `--expose-gc` and prints bytes by name. */
import { setTimeout } from "node:timers/promises"
import type { Crowd } from "../targets/Crowd.ts"
import * as crowds from "../targets/crowds.ts"

const count = 10_000

/** What is left when nothing more can be freed. */
const heapUsed = async (): Promise<number> => {
  let last = Number.POSITIVE_INFINITY
  while (true) {
    await setTimeout(50)
    await globalThis.gc?.({ type: "major", execution: "async", flavor: "last-resort" })
    const { heapUsed } = process.memoryUsage()
    if (heapUsed > last - 10_000) return heapUsed
    last = heapUsed
  }
}

/** Lets every actor handle one message; then it waits for the next. */
const useAll = async ({ tell, total }: Crowd): Promise<void> => {
  const handled = total.reaches(total.value + count)
  await tell(1, "turns")
  await handled
}

/** The weight of an actor that has handled a message and waits for the next. */
const weigh = async (make: () => Crowd): Promise<number> => {
  // A crowd that is gone again has compiled and loaded what all crowds share.
  const first = make()
  await useAll(first)
  await first.close()
  const before = await heapUsed()
  const crowd = make()
  await useAll(crowd)
  const after = await heapUsed()
  await crowd.close()
  return (after - before) / count
}

/** The same for ours, and what is left once they are passivated. They sleep at first, so that everything but them is there before. */
const weighOurs = async () => {
  const crowd = await crowds.pantheon(count, { passivateAfter: "3 seconds" })
  await useAll(crowd)
  await crowd.fallAsleep()
  const before = await heapUsed()
  await useAll(crowd)
  const resident = await heapUsed()
  await crowd.fallAsleep()
  const passivated = await heapUsed()
  await crowd.close()
  return { resident: (resident - before) / count, passivated: (passivated - before) / count }
}

console.log(
  JSON.stringify({
    ...(await weighOurs()),
    transition: await weigh(() => crowds.xstateTransition(count)),
    machine: await weigh(() => crowds.xstateMachine(count)),
    nact: await weigh(() => crowds.nact(count))
  })
)
