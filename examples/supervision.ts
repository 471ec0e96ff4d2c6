/** A foreman and its crew: children are restarted, escalate to their parent when that does not help, are watched, and stop with it. */
import { Console, Effect, Fiber, Layer, Logger, Schedule, Schema, Stream } from "effect"
import { Rpc } from "effect/rpc"
import * as LocalEngine from "../layers/engine/local.ts"
import * as Memory from "../layers/memory/index.ts"
import { Actor, ActorError, ActorSystem, Supervision } from "../src/index.ts"

const Worker = Actor.make("Worker", {
  state: Schema.Struct({ done: Schema.Int }),
  initialState: { done: 0 },
  events: Schema.TaggedUnion({ Done: { job: Schema.String } }),
  evolve: ({ done }) => ({ done: done + 1 }),
  commands: [Rpc.make("Do", { payload: { job: Schema.String }, success: Schema.Int })]
})

const WorkerBehavior = Worker.toLayer(
  {
    Do: (_, { job }) =>
      job === "bad"
        ? Effect.die(new Error("this cannot be done"))
        : Worker.persist({ _tag: "Done", job }, ({ done }) => done)
  },
  {
    supervision: Supervision.restart({
      times: 1,
      within: "1 minute",
      schedule: Schedule.spaced(1),
      whenSpent: "escalate"
    })
  }
)

const Foreman = Actor.make("Foreman", {
  state: Schema.Struct({ hired: Schema.Int }),
  initialState: { hired: 0 },
  events: Schema.TaggedUnion({ Hired: { name: Schema.String } }),
  evolve: ({ hired }) => ({ hired: hired + 1 }),
  commands: [Rpc.make("Hire", { payload: { name: Schema.String }, error: ActorError.ChildRefused })]
})

const ForemanBehavior = Foreman.toLayer(
  {
    Hire: Effect.fnUntraced(function* (_, { name }) {
      const hiring = ActorSystem.ActorSystem.use((system) => system.spawnChild(Worker, name))
      yield* Effect.catchIf(hiring, (error) => error._tag !== "ChildRefused", Effect.die)
      return yield* Foreman.persist({ _tag: "Hired", name })
    })
  },
  { supervision: Supervision.restart({ times: 1, schedule: Schedule.spaced(1) }), maximumChildren: 2 }
)

const program = Effect.gen(function* () {
  const system = yield* ActorSystem.ActorSystem
  const foreman = (yield* Foreman.client)("f-1")
  const worker = yield* Worker.client
  for (const name of ["ann", "bob"]) yield* foreman.Hire({ name })
  const refused = yield* Effect.flip(foreman.Hire({ name: "carl" }))
  yield* Console.log(`a crew of two, and no more: ${refused.message}`)
  yield* worker("ann").Do({ job: "a wall" })
  const crash = yield* Effect.flip(worker("ann").Do({ job: "bad" }))
  yield* Console.log(`ann: ${crash._tag}, then goes on with ${yield* worker("ann").Do({ job: "a roof" })} jobs done`)
  const end = yield* Effect.forkChild(system.watch(Worker, "ann"), { startImmediately: true })
  yield* Effect.flip(worker("ann").Do({ job: "bad" }))
  yield* Console.log(`ann again: ${(yield* Fiber.join(end))._tag}, which goes to the foreman`)
  // She is refused as failed until then.
  const back = yield* Effect.retry(worker("ann").Do({ job: "a door" }), Schedule.spaced(5))
  yield* Console.log(`who brings her back: ${back} jobs done`)
  yield* system.stop(Foreman, "f-1")
  const crew = yield* Stream.runCollect(system.list(Worker))
  yield* Console.log(`the foreman stops: ${crew.map(({ id, status }) => `${id} ${status}`).join(", ")}`)
})

const Runtime = Layer.mergeAll(WorkerBehavior, ForemanBehavior).pipe(
  Layer.provideMerge(LocalEngine.layer),
  Layer.provideMerge(Memory.layer),
  Layer.provideMerge(Logger.layer([]))
)

await Effect.runPromise(Effect.provide(program, Runtime))
