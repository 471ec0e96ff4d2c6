/**
 * Names that mean something to a store, or nearly the same as others.
 */
import * as Arbitrary from "effect/Arbitrary"
import * as Schema from "effect/Schema"

/** Pieces of which names are made: SQL, wildcards, what separates keys in stores, what objects have by birth, and what takes many bytes. */
const common = [
  "'",
  '"; DROP TABLE events; --',
  "%",
  "_",
  "\\",
  "*",
  "?",
  "/",
  "//",
  "!",
  ":",
  ".",
  " ",
  "~",
  "__proto__",
  "constructor",
  "toString",
  "$date",
  "a",
  "A",
  "ä",
  "a\u0308",
  "\u{1f600}",
  "\u{10ffff}",
  "\uffff",
  "\u00a0",
  "\u200d",
  "字".repeat(60)
]

/** Several different names, of these pieces too. */
export const oddNames = (...pieces: ReadonlyArray<string>): Arbitrary.Arbitrary<ReadonlyArray<string>> => {
  const piece = Arbitrary.schema(Schema.Literals([...common, ...pieces]))
  const name = Arbitrary.map(Arbitrary.array(piece, { minLength: 1, maxLength: 5 }), (chosen) =>
    chosen
      .join("")
      .slice(0, 200)
      .replace(/[\ud800-\udbff]$/u, "")
  )
  return Arbitrary.map(Arbitrary.array(name, { minLength: 2, maxLength: 5 }), (all) => [...new Set(all)])
}
