/** The same counter on every library: told things, nothing persisted. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Stream from "effect/Stream"
import { dispatch, type Ref, spawn, start, stop } from "nact"
import { assign, createActor, fromTransition, setup } from "xstate"
import * as LocalEngine from "../../layers/engine/local.ts"
import * as Memory from "../../layers/memory/index.ts"
import { type Actor, ActorSystem } from "../../src/index.ts"
import { Counter, counterBehavior, Total } from "../suites/counter.ts"
import { type Crowd, type Order, receiver } from "./Crowd.ts"

const ids = (count: number): ReadonlyArray<string> => Array.from({ length: count }, (_, index) => `counter-${index}`)

/** This library: one fiber tells. */
export const pantheon = async (
  count: number,
  options?: Actor.BehaviorOptions
): Promise<Crowd & { readonly fallAsleep: () => Promise<void> }> => {
  const total = new Total()
  const names = ids(count)
  const runtime = ManagedRuntime.make(
    counterBehavior(total, options).pipe(Layer.provideMerge(LocalEngine.layer), Layer.provide(Memory.layer))
  )
  const system = await runtime.runPromise(ActorSystem.ActorSystem)
  const tell = (perActor: number, order: Order) => {
    const messages = count * perActor
    const next = receiver(order, count, perActor)
    let sent = 0
    return Effect.whileLoop({
      while: () => sent < messages,
      body: () => system.tell(Counter, names[next(sent++)] ?? "", "Add", { amount: 1 }),
      step: () => {}
    })
  }
  const residents = Effect.suspend(() => Stream.runCount(system.list(Counter)))
  const allAsleep = Effect.repeat(Effect.delay(residents, "200 millis"), { until: (left) => left === 0 })
  return {
    name: "pantheon",
    tell: (perActor, order) => runtime.runPromise(tell(perActor, order)),
    fallAsleep: () => runtime.runPromise(Effect.asVoid(allAsleep)),
    total,
    close: () => runtime.dispose()
  }
}

/** No actor at all, but the floor of whatever is told by an Effect: one that only counts, without mailbox, schema or handler. */
export const bareEffect = (): Crowd => {
  const total = new Total()
  return {
    name: "an Effect that only counts",
    tell: (perActor) => {
      let sent = 0
      return Effect.runPromise(
        Effect.whileLoop({
          while: () => sent < perActor,
          body: () => Effect.sync(() => total.add(1)),
          step: () => sent++
        })
      )
    },
    total,
    close: () => Promise.resolve()
  }
}

interface Add {
  readonly type: "Add"
  readonly amount: number
}

/** Actors of XState that are transitions: the lightest it has. They handle a message before `send` returns. */
export const xstateTransition = (count: number): Crowd => {
  const total = new Total()
  const add = (_: number, { amount }: Add) => total.add(amount)
  const logic = fromTransition(add, 0)
  return xstate(
    "XState transition",
    total,
    Array.from({ length: count }, () => createActor(logic).start())
  )
}

/** Actors of XState that are machines. */
export const xstateMachine = (count: number): Crowd => {
  const total = new Total()
  const machine = setup({ types: { context: {} as { count: number }, events: {} as Add } }).createMachine({
    context: { count: 0 },
    on: { Add: { actions: assign({ count: ({ event }) => total.add(event.amount) }) } }
  })
  return xstate(
    "XState machine",
    total,
    Array.from({ length: count }, () => createActor(machine).start())
  )
}

const xstate = (
  name: string,
  total: Total,
  actors: ReadonlyArray<{ readonly send: (message: Add) => void; readonly stop: () => unknown }>
): Crowd => ({
  name,
  tell: async (perActor, order) => {
    const next = receiver(order, actors.length, perActor)
    for (let sent = 0; sent < actors.length * perActor; sent++) actors[next(sent)]?.send({ type: "Add", amount: 1 })
  },
  total,
  close: async () => {
    for (const actor of actors) actor.stop()
  }
})

/** Actors of nact. */
export const nact = (count: number): Crowd => {
  const total = new Total()
  const system = start()
  const actors = ids(count).map(
    (id): Ref<Add> => spawn(system, (_: number, { amount }: Add) => total.add(amount), id, { initialState: 0 })
  )
  return {
    name: "nact",
    tell: async (perActor, order) => {
      const next = receiver(order, count, perActor)
      for (let sent = 0; sent < count * perActor; sent++) {
        const actor = actors[next(sent)]
        if (actor !== undefined) dispatch(actor, { type: "Add", amount: 1 })
      }
    },
    total,
    close: async () => stop(system)
  }
}
