import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as ShareRecord from "../../src/access/ShareRecord.ts"
import { AgentId, Permission, Value } from "../../src/index.ts"

const share: ShareRecord.ShareRecord = {
  agentId: "a",
  id: "s-1",
  ownerId: "ada",
  recipientId: "bob",
  level: "write",
  content: { _tag: "Live" },
  status: "accepted",
  createdAt: new Date(1000),
  updatedAt: new Date(2000),
  expiresAt: new Date(5000),
  revision: 3
}

const needs = Permission.Resource.literals.flatMap((resource) =>
  Permission.Action.literals.map((action): Permission.Need => ({ resource, action, agentId: "a" }))
)

const allowed = (share: ShareRecord.ShareRecord, at = 4999): ReadonlyArray<string> =>
  needs.filter((need) => ShareRecord.allows(share, need, at)).map(({ action, resource }) => `${resource}:${action}`)

describe("a share in the store", () => {
  it("comes back as it was written, to the last field", () => {
    for (const one of [
      share,
      { ...share, paths: ["/a", "/__proto__"] },
      { ...share, content: { _tag: "Pinned", version: 7 } as const }
    ]) {
      const text = Result.getOrThrow(Value.encode(ShareRecord.encode(one)))
      const body = Result.getOrThrow(Value.decode(text))
      const decoded = ShareRecord.decode({ agentId: "a", name: ShareRecord.nameOf(one), body })
      assert.deepStrictEqual(Result.getOrThrow(decoded), one)
    }
  })

  it("is an error when its time is a text, or anything else of it is not what it must be", () => {
    const body = Result.getOrThrow(Value.decode(Result.getOrThrow(Value.encode(ShareRecord.encode(share)))))
    for (const change of [{ expiresAt: "2030-01-01" }, { level: "owner" }, { status: "" }, { paths: "/a" }]) {
      const changed = { ...(Value.isRecord(body) ? body : {}), ...change }
      const failure = Result.getOrThrow(Result.flip(ShareRecord.decode({ agentId: "a", name: "n", body: changed })))
      assert.strictEqual(failure._tag, "Corrupted")
    }
  })

  it("has a name that is valid whatever the recipient is called, and that others do not have", () => {
    const recipients = ["b", "b/", "b/s-1", "*", "B", "é".repeat(255), "'; --", "%", "__proto__", " "]
    const names = recipients.map((recipientId) => ShareRecord.nameOf({ id: crypto.randomUUID(), recipientId }))
    for (const name of names) assert.isTrue(Result.isSuccess(AgentId.validate(name)), name)
    assert.strictEqual(new Set(recipients.map(ShareRecord.prefixFor)).size, recipients.length)
    assert.strictEqual(new Set(recipients.map(ShareRecord.tagFor)).size, recipients.length)
  })
})

describe("what a share allows", () => {
  it("is its level and what is less, on contexts, metadata and actors", () => {
    const read = ["context:read", "actor:read", "metadata:read"]
    const write = ["context:read", "context:write", "actor:read", "actor:write", "metadata:read", "metadata:write"]
    assert.sameMembers([...allowed({ ...share, level: "read" })], read)
    assert.sameMembers([...allowed(share)], write)
  })

  it("is the life of the agent too for an administrator, but never to share or to read the audit log", () => {
    const expected = needs.filter(({ resource }) => resource !== "share" && resource !== "audit")
    assert.sameMembers(
      [...allowed({ ...share, level: "admin" })],
      expected.map(({ action, resource }) => `${resource}:${action}`)
    )
  })

  it("is nothing before it is accepted, from the moment it expires, of another agent, or when it is narrower", () => {
    assert.isEmpty(allowed({ ...share, status: "offered" }))
    assert.isEmpty(allowed(share, 5000))
    assert.isEmpty(allowed(share, 5001))
    assert.isEmpty(allowed(share, Number.NaN))
    assert.isEmpty(allowed({ ...share, agentId: "a/" }))
    assert.isEmpty(allowed({ ...share, content: { _tag: "Pinned", version: 1 } }))
    assert.isEmpty(allowed({ ...share, paths: ["/a"] }))
    assert.isEmpty(allowed({ ...share, paths: [] }))
  })
})
