/** An actor that tells which machine runs it, and takes back shares for whoever asks it. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"
import { Actor, ContextSharing } from "../../src/index.ts"

export const Board = Actor.make("Board", {
  state: Schema.Struct({ posts: Schema.Int }),
  initialState: { posts: 0 },
  events: Schema.TaggedUnion({ Posted: {} }),
  evolve: ({ posts }) => ({ posts: posts + 1 }),
  commands: [
    // The process that runs it.
    Rpc.make("Post", { success: Schema.Int }),
    Rpc.make("Revoke", { payload: { shareId: Schema.String } })
  ]
})

export const BoardBehavior = Layer.unwrap(
  Effect.map(ContextSharing.ContextSharing, (sharing) =>
    Board.toLayer({
      Post: () => Board.persist({ _tag: "Posted" }, () => process.pid),
      Revoke: (_, { shareId }) => Effect.asVoid(Effect.orDie(sharing.revoke(shareId)))
    })
  )
)
