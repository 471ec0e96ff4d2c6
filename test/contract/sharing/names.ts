/**
 * Ids and paths that mean something to a store, or nearly the same as others.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type { Share } from "../../../src/ContextSharing.ts"
import { oddNames } from "../oddNames.ts"
import { Agents, as, fails, freshId, type It, Sharing, shared, user } from "./support.ts"

const names = oddNames("~0", "~1", "share/", "share-of/")

const escape = (key: string): string => key.replaceAll("~", "~0").replaceAll("/", "~1")

const idsOf = (shares: ReadonlyArray<Share>): ReadonlyArray<string> => shares.map(({ id }) => id).sort()

export const register = (it: It): void => {
  describe("odd names", () => {
    it.effect.prop(
      "of agents and recipients are told apart, and nobody gets what is another's",
      { names },
      ({ names }) =>
        Effect.gen(function* () {
          const sharing = yield* Sharing
          const agents = yield* Agents
          const run = freshId().slice(0, 8)
          const own = (name: string): string => `${name}${run}`
          const made: Array<Share> = []
          for (const [index, name] of names.entries()) {
            yield* agents.setState(own(name), { index })
            for (const recipient of names) {
              made.push(
                yield* sharing.share({ agentId: own(name), recipientId: `to ${own(recipient)}`, level: "read" })
              )
            }
          }
          for (const [index, name] of names.entries()) {
            const mine = made.filter(({ recipientId }) => recipientId === `to ${own(name)}`)
            const bob = as(user(`to ${own(name)}`))
            assert.deepStrictEqual(idsOf(yield* bob(sharing.sharesWith(`to ${own(name)}`))), idsOf(mine))
            const received = yield* bob(sharing.getSharedContexts())
            assert.deepStrictEqual(idsOf(received.map(({ share }) => share)), idsOf(mine))
            const ofAgent = made.filter(({ agentId }) => agentId === own(name))
            assert.deepStrictEqual(idsOf(yield* sharing.sharesOf(own(name))), idsOf(ofAgent))
            for (const share of made) {
              const look = bob(sharing.getSharedContext(share.id))
              if (mine.includes(share)) {
                assert.deepStrictEqual((yield* look).state, { index: names.indexOf(share.agentId.slice(0, -8)) })
              } else {
                yield* fails(look, "ShareMissing")
              }
            }
            assert.isAtLeast(index, 0)
          }
          const [first] = made
          assert(first !== undefined)
          yield* sharing.revoke(first.id)
          assert.strictEqual(
            (yield* Effect.forEach(made.slice(1), ({ id }) => sharing.getShare(id))).length,
            made.length - 1
          )
        }).pipe(shared),
      { arbitrary: { runs: 12, size: 20, seed: "names", maxShrinks: 100 } }
    )

    it.effect.prop(
      "of parts are shared and written as they are, and nothing beside them",
      { names },
      ({ names }) =>
        Effect.gen(function* () {
          const sharing = yield* Sharing
          const agents = yield* Agents
          const agentId = freshId()
          const [first = "", ...others] = names
          const state = Object.fromEntries(names.map((name) => [name, { inner: { [name]: 1 }, other: 2 }]))
          yield* agents.setState(agentId, state)
          const bob = user(freshId())
          const path = `/${escape(first)}/inner/${escape(first)}`
          const share = yield* sharing.share({ agentId, recipientId: bob.id, level: "write", paths: [path] })
          const look = as(bob)(sharing.getSharedContext(share.id))
          assert.deepStrictEqual((yield* look).state, Object.fromEntries([[first, { inner: { [first]: 1 } }]]))
          const replace = (path: string) => as(bob)(sharing.patchState(share.id, [{ op: "replace", path, value: 3 }]))
          for (const other of others) {
            yield* fails(replace(`/${escape(other)}/inner/${escape(other)}`), "InvalidInput", { path: "patch/0/path" })
          }
          const written = yield* replace(path)
          assert.deepStrictEqual(written.state, Object.fromEntries([[first, { inner: { [first]: 3 } }]]))
          const { state: whole } = yield* agents.getContext(agentId)
          assert.deepStrictEqual(
            whole,
            Object.fromEntries(names.map((name) => [name, { inner: { [name]: name === first ? 3 : 1 }, other: 2 }]))
          )
          assert.isUndefined(Reflect.get({}, "inner"))
        }).pipe(shared),
      { arbitrary: { runs: 40, size: 20, seed: "parts", maxShrinks: 100 } }
    )
  })
}
