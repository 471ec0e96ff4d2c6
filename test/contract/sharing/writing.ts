/**
 * What recipients write.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type { Level } from "../../../src/ContextSharing.ts"
import type { PatchOperation } from "../../../src/StatePatch.ts"
import { Agents, agentWith, as, fails, freshId, type It, Sharing, shared, user } from "./support.ts"

/** An agent, of which some parts are shared with somebody. */
const scene = (state: object, paths?: ReadonlyArray<string>, level: Level = "write") =>
  Effect.gen(function* () {
    const sharing = yield* Sharing
    const agents = yield* Agents
    const agentId = yield* agentWith(state)
    const bob = user(freshId())
    const share = yield* sharing.share({
      agentId,
      recipientId: bob.id,
      level,
      ...(paths === undefined ? {} : { paths })
    })
    return {
      agentId,
      bob,
      share,
      patch: (patch: ReadonlyArray<PatchOperation>) => as(bob)(sharing.patchState(share.id, patch)),
      update: (state: object) => as(bob)(sharing.updateContext(share.id, { state })),
      state: Effect.map(agents.getContext(agentId), ({ state }) => state)
    }
  })

const secret = { open: { a: 1, list: [1, 2] }, hidden: { key: "hush" }, list: ["x", "y"] }

export const register = (it: It): void => {
  describe("a share to write", () => {
    it.effect("of the whole state lets its recipient change all of it, and says so in the history", () =>
      Effect.gen(function* () {
        const { agentId, bob, patch, share, state, update } = yield* scene(secret)
        const patched = yield* patch([{ op: "move", from: "/hidden/key", path: "/open/key" }])
        assert.deepStrictEqual(patched.state, yield* state)
        assert.deepStrictEqual((yield* update({ more: 1 })).state, {
          open: { a: 1, list: [1, 2], key: "hush" },
          hidden: {},
          list: ["x", "y"],
          more: 1
        })
        const { events } = yield* (yield* Agents).getContextHistory(agentId)
        const [, , byPatch, byUpdate] = events
        assert.deepInclude<object>(byPatch ?? {}, { type: "context.patched" })
        for (const event of [byPatch, byUpdate]) assert.deepInclude<object>(event?.metadata ?? {}, { share: share.id })
        assert.isNotEmpty(bob.id)
      }).pipe(shared)
    )

    it.effect("of parts lets him change these", () =>
      Effect.gen(function* () {
        const { patch, state, update } = yield* scene(secret, ["/open", "/new"])
        const shown = yield* patch([
          { op: "test", path: "/open/a", value: 1 },
          { op: "replace", path: "/open/a", value: 2 },
          { op: "add", path: "/open/list/-", value: 3 },
          { op: "copy", from: "/open/list", path: "/new" },
          { op: "remove", path: "/open/list/0" }
        ])
        assert.deepStrictEqual(shown.state, { open: { a: 2, list: [2, 3] }, new: [1, 2, 3] })
        assert.deepStrictEqual(yield* state, { ...secret, open: { a: 2, list: [2, 3] }, new: [1, 2, 3] })
        assert.deepStrictEqual((yield* update({ new: 0 })).state, { open: { a: 2, list: [2, 3] }, new: 0 })
        assert.deepInclude(yield* state, { hidden: secret.hidden, new: 0 })
      }).pipe(shared)
    )

    it.effect("of parts lets him name no place outside, in any operation, from there or to there", () =>
      Effect.gen(function* () {
        const { patch, state, update } = yield* scene(secret, ["/open", "/deep/down"])
        const outside = ["", "/hidden", "/hidden/key", "/list/0", "/openly", "/deep", "/none", "/open~1a", "/__proto__"]
        for (const path of outside) {
          const attempts: ReadonlyArray<readonly [PatchOperation, string]> = [
            [{ op: "add", path, value: 1 }, "path"],
            [{ op: "remove", path }, "path"],
            [{ op: "replace", path, value: 1 }, "path"],
            [{ op: "test", path, value: "hush" }, "path"],
            [{ op: "move", from: path, path: "/open/x" }, "from"],
            [{ op: "copy", from: path, path: "/open/x" }, "from"],
            [{ op: "move", from: "/open/a", path }, "path"],
            [{ op: "copy", from: "/open/a", path }, "path"]
          ]
          for (const [operation, member] of attempts) {
            // The first operation is good, and is not done either.
            const attempt = patch([{ op: "replace", path: "/open/a", value: 9 }, operation])
            yield* fails(attempt, "InvalidInput", { path: `patch/1/${member}` })
          }
        }
        for (const key of ["hidden", "list", "deep", "none", "open/a", "__proto__"]) {
          yield* fails(update({ open: {}, [key]: 1 }), "InvalidInput")
        }
        assert.deepStrictEqual(yield* state, secret)
      }).pipe(shared)
    )

    it.effect("of parts tells him nothing of what is outside: his patch fails as if that were not there", () =>
      Effect.gen(function* () {
        const { patch, state } = yield* scene({ a: { b: { c: 1 }, hidden: 1 }, list: [{ x: 1 }] }, [
          "/a/b/c",
          "/list/0",
          "/a/none/x"
        ])
        // A place in an array is no part, whatever stands there.
        yield* fails(patch([{ op: "replace", path: "/list/0", value: 1 }]), "PatchFailed")
        yield* fails(patch([{ op: "add", path: "/list/0", value: 1 }]), "PatchFailed")
        yield* fails(patch([{ op: "test", path: "/list/0/x", value: 1 }]), "PatchFailed", { found: "none" })
        yield* fails(patch([{ op: "add", path: "/a/none/x", value: 1 }]), "PatchFailed")
        assert.deepStrictEqual((yield* patch([{ op: "remove", path: "/a/b/c" }])).state, { a: { b: {} } })
        assert.deepStrictEqual((yield* patch([{ op: "add", path: "/a/b/c", value: 2 }])).state, { a: { b: { c: 2 } } })
        assert.deepStrictEqual(yield* state, { a: { b: { c: 2 }, hidden: 1 }, list: [{ x: 1 }] })
      }).pipe(shared)
    )

    it.effect("keeps to what is shared by then, also when that changes while he writes", () =>
      Effect.gen(function* () {
        const { agentId, patch, state } = yield* scene({ a: { b: 1 } }, ["/a/b"])
        const agents = yield* Agents
        // Now it is a place of an array.
        yield* agents.setState(agentId, { a: ["x", "y"], b: 1 })
        yield* fails(patch([{ op: "add", path: "/a/b", value: 2 }]), "PatchFailed")
        assert.deepStrictEqual(yield* state, { a: ["x", "y"], b: 1 })
        yield* agents.setState(agentId, { a: {}, n: 0 })
        const both = [
          patch([{ op: "add", path: "/a/b", value: 2 }]),
          agents.updateContext(agentId, { state: { n: 1 } })
        ] as const
        yield* Effect.all(both, { concurrency: "unbounded" })
        assert.deepStrictEqual(yield* state, { a: { b: 2 }, n: 1 })
      }).pipe(shared)
    )

    it.effect("is written with an expected version, and repeated safely by its recipient's own command ids", () =>
      Effect.gen(function* () {
        const sharing = yield* Sharing
        const { agentId, bob, share, state } = yield* scene({ n: 0 })
        const agents = yield* Agents
        const { version } = yield* as(bob)(sharing.getSharedContext(share.id))
        const write = (n: number, options: object) =>
          as(bob)(sharing.updateContext(share.id, { state: { n } }, options))
        yield* agents.updateContext(agentId, { state: { n: 1 } }, { commandId: "c-1" })
        yield* fails(write(2, { expected: version }), "Conflict", { actual: version + 1 })
        // The owner's command is another one.
        const first = yield* write(2, { commandId: "c-1" })
        assert.deepStrictEqual(first.state, { n: 2 })
        assert.deepStrictEqual(yield* write(3, { commandId: "c-1" }), first)
        assert.deepStrictEqual(yield* state, { n: 2 })
        yield* fails(write(3, { commandId: "x".repeat(250) }), "InvalidInput", { path: "commandId" })
      }).pipe(shared)
    )

    it.effect("is told what it breaks: malformed patches, updates and values", () =>
      Effect.gen(function* () {
        const sharing = yield* Sharing
        const { bob, share, update } = yield* scene({ a: 1 })
        const patch = (patch: unknown) => as(bob)(sharing.patchState(share.id, patch as ReadonlyArray<PatchOperation>))
        yield* fails(patch("none"), "InvalidInput", { path: "patch" })
        yield* fails(patch([{ op: "add", path: "a", value: 1 }]), "InvalidInput", { path: "patch/0/path" })
        yield* fails(patch([{ op: "add", path: "/a", value: () => 1 }]), "InvalidInput", { path: "patch/0/value" })
        yield* fails(update([]), "InvalidInput", { path: "state" })
        yield* fails(update({ a: Number.NaN }), "InvalidInput", { path: "state/a" })
        const other = { state: {}, metadata: { a: 1 } }
        yield* fails(as(bob)(sharing.updateContext(share.id, other)), "InvalidInput", { path: "update/metadata" })
      }).pipe(shared)
    )
  })

  describe("a share to read", () => {
    it.effect("lets its recipient write nothing, until it is raised, and after it is lowered", () =>
      Effect.gen(function* () {
        const sharing = yield* Sharing
        const { patch, share, state, update } = yield* scene({ a: 1 }, undefined, "read")
        const operation = { op: "replace", path: "/a", value: 2 } as const
        yield* fails(patch([operation]), "ShareMissing")
        yield* fails(update({ a: 2 }), "ShareMissing")
        yield* sharing.change(share.id, { level: "write" })
        yield* patch([operation])
        yield* sharing.change(share.id, { level: "read" })
        yield* fails(patch([operation]), "ShareMissing")
        yield* sharing.change(share.id, { level: "write", paths: ["/b"] })
        yield* fails(patch([operation]), "InvalidInput")
        assert.deepStrictEqual(yield* state, { a: 2 })
      }).pipe(shared)
    )
  })
}
