/**
 * Sends to the actors of a cluster: for machines that run some, and for programs that run none.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import type * as Actor from "../../../src/Actor.ts"
import { AskTimeout, type NotTaken, type Unregistered } from "../../../src/ActorError.ts"
import type { ActorEnd, ActorInfo, ActorSystem, TellOptions } from "../../../src/ActorSystem.ts"
import type { ActorAddress } from "../../../src/CurrentActor.ts"
import type { InvalidInput } from "../../../src/StoreError.ts"
import type { Asked } from "./Bundle.ts"
import type { Bundles } from "./Bundles.ts"
import type { Census } from "./Census.ts"
import * as Dispatch from "./Dispatch.ts"
import type { Info } from "./Protocol.ts"
import type { Client, Router } from "./Router.ts"
import * as Sender from "./Sender.ts"

// An answer to a command whose time is over may still be on its way.
const graceAfterTimeout = 1000

/** What it takes to send. */
export interface Post extends Dispatch.Desk {
  readonly router: Router
  readonly census: Census
  /** Nothing where what may have been run must not be sent again. */
  readonly bundles: Bundles | undefined
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly makeId: () => string
  /** The definition as it is run, which may be another copy than the caller's. */
  readonly known: (definition: Actor.Any, id: string) => Result.Result<Actor.Any, Unregistered>
}

type Service = ActorSystem["Service"]

/** The part of the engine that sends. */
export const make = (
  post: Post
): Pick<
  Service,
  "ask" | "askUnsafe" | "get" | "list" | "pause" | "restart" | "resume" | "spawn" | "stop" | "tell" | "watch"
> => {
  const { bundles, census, makeId, now, router } = post

  const valid = (definition: Actor.Any, id: string): Result.Result<Actor.Any, InvalidInput | Unregistered> =>
    Result.flatMap(post.known(definition, id), (known) => Result.map(known.codec.validateId(id), () => known))

  const addressed = (definition: Actor.Any, id: string): Effect.Effect<ActorAddress, InvalidInput | Unregistered> =>
    Effect.map(Effect.fromResult(valid(definition, id)), ({ name }) => ({ actor: name, id }))

  const order = <A, E>(
    definition: Actor.Any,
    id: string,
    give: (client: Client, order: Parameters<Client["Stop"]>[0]) => Effect.Effect<A, E>
  ) =>
    Effect.gen(function* () {
      const address = yield* addressed(definition, id)
      const from = yield* Sender.order
      return yield* router.call(address, (client) => give(client, from))
    })

  const dispatch = (
    definition: Actor.Any,
    id: string,
    command: string,
    payload: unknown,
    options: TellOptions | undefined
  ): Effect.Effect<Dispatch.Dispatch, InvalidInput | Unregistered> =>
    Effect.withFiber((fiber) =>
      Effect.fromResult(
        Result.flatMap(valid(definition, id), (known) =>
          Dispatch.prepare(known, command, payload, options, fiber, post)
        )
      )
    )

  const ask: Service["askUnsafe"] = (definition, id, command, payload, options) =>
    Effect.flatMap(dispatch(definition, id, command, payload, options), (ready) => {
      const address = { actor: definition.name, id }
      const { attempts, timeout } = ready
      const begun = now()
      const left = () => (timeout === undefined ? {} : { timeout: Math.max(timeout - (now() - begun), 0) })
      const sent = router
        .call(address, (client, attempt): Asked => {
          const sent = { ...ready.command, ...left(), attempt: attempts + attempt }
          const alone = client.Ask(sent)
          return attempt > 1 || bundles === undefined ? alone : bundles.ask({ ...address, command: sent }, alone)
        })
        .pipe(
          Effect.matchEffect({
            onSuccess: (text) => Dispatch.replyOf(ready, text),
            onFailure: (error) =>
              error._tag === "CommandFailed" ? Dispatch.errorOf(ready, error) : Effect.fail<unknown>(error)
          })
        )
      if (timeout === undefined || !Number.isFinite(timeout)) return sent
      return Effect.timeoutOrElse(sent, {
        duration: timeout + graceAfterTimeout,
        orElse: () => Effect.fail(new AskTimeout({ ...address, command, timeout, outcome: "begun" }))
      })
    })

  const tell = (
    definition: Actor.Any,
    id: string,
    command: string,
    payload: unknown,
    options: TellOptions | undefined
  ): Effect.Effect<void, NotTaken> =>
    Effect.flatMap(dispatch(definition, id, command, payload, options), (ready) =>
      router.call({ actor: definition.name, id }, (client, attempt) => {
        if (options?.delivery !== "durable") return client.Tell({ ...ready.command, attempt: ready.attempts + attempt })
        const commandId = ready.command.commandId ?? makeId()
        // What the cluster keeps it may hand over more than once.
        return client.TellDurably({ ...ready.command, commandId, attempt: 2 }, { discard: true })
      })
    )

  return {
    // What a definition's types promise holds for what its codec lets through, so the untyped form serves the typed one.
    ask: (definition, id, command, payload, options) =>
      ask(definition, id, command, payload, options) as Effect.Effect<never, never>,
    askUnsafe: ask,
    tell,
    spawn: (definition, id) =>
      Effect.map(
        order(definition, id, (client, from) => client.Spawn(from)),
        fromWire
      ),
    stop: (definition, id) => order(definition, id, (client, from) => client.Stop(from)),
    pause: (definition, id) => order(definition, id, (client, from) => client.Pause(from)),
    resume: (definition, id) => order(definition, id, (client, from) => client.Resume(from)),
    restart: (definition, id) => order(definition, id, (client, from) => client.Restart(from)),
    watch: (definition, id) =>
      Effect.map(
        order(definition, id, (client, from) => client.Watch(from)),
        ({ _tag, actor, cause, id }): ActorEnd => (_tag === "Failed" ? { _tag, actor, id, cause } : { _tag, actor, id })
      ),
    get: (definition, id) =>
      Effect.map(
        Effect.flatMap(addressed(definition, id), (address) => census.one(address)),
        (info) => Option.map(Option.fromNullishOr(info), fromWire)
      ),
    list: (definition, options) =>
      Stream.unwrap(
        Effect.map(Effect.fromResult(post.known(definition, "")), (known) =>
          options?.parent === undefined ? census.all(known) : census.children(known, options.parent)
        )
      )
  }
}

/** What is known of an actor, as it is told here. */
export const fromWire = ({ parent, ...info }: Info): ActorInfo => ({ ...info, parent })
