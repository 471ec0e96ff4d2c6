/**
 * Layers that are built once for all sessions of the process that use them.
 */
import * as Layer from "effect/Layer"

const memoMap = Layer.makeMemoMapUnsafe()

/**
 * What the layer builds is shared by all who use the layer that this gives, and released with the last of them. Within it nothing is shared with others:
 * two databases may be made of the same parts.
 */
export const shared = <A, E>(layer: Layer.Layer<A, E>): Layer.Layer<A, E> => {
  const alone = Layer.suspend(() => Layer.fresh(layer))
  return Layer.fromBuild((_, scope) => Layer.buildWithMemoMap(alone, memoMap, scope))
}
