import { assert, describe, it } from "@effect/vitest"
import { measure } from "../../examples/census/measure.ts"

const measured = (text: string) => measure(new TextEncoder().encode(text))
const longest = (...lines: ReadonlyArray<string>) => measured(lines.join("\n")).longestFunction

describe("lines and bytes", () => {
  it("has no lines in an empty file, and one in a file with a newline only", () => {
    assert.deepInclude(measured(""), { lines: 0, bytes: 0 })
    assert.deepInclude(measured("\n"), { lines: 1, bytes: 1 })
  })

  it("counts the last line whether or not a newline ends it", () => {
    assert.deepInclude(measured("a\nb\n"), { lines: 2, bytes: 4 })
    assert.deepInclude(measured("a\nb"), { lines: 2, bytes: 3 })
    assert.deepInclude(measured("a\n\n"), { lines: 2, bytes: 3 })
  })

  it("counts lines that end with CRLF as lines that end with LF", () => {
    assert.deepInclude(measured("a\r\nb\r\n"), { lines: 2, bytes: 6 })
    assert.deepInclude(measured("import a from 'a'\r\n// TODO\r\nfunction f() {\r\n}\r\n"), {
      lines: 4,
      imports: 1,
      todos: 1,
      longestFunction: { name: "f", lines: 2 }
    })
  })

  it("counts bytes, not characters, and takes bytes that are no text", () => {
    assert.deepInclude(measured("ä€😀"), { lines: 1, bytes: 9 })
    assert.deepInclude(measure(Uint8Array.of(0xff, 0x0a, 0x00, 0xc3)), { lines: 2, bytes: 4, longestFunction: null })
  })
})

describe("imports", () => {
  it("counts each statement that names another module once", () => {
    const statements = [
      'import "a"',
      "import a from 'a'",
      'import * as A from "a"',
      'import type { A } from "a"',
      'import a, { b } from "a"',
      'import {\n  a,\n  b as c\n} from "a"',
      'export * from "a"',
      'export * as A from "a"',
      'export type { A } from "a"',
      'export {\n  a\n} from "a"',
      'const a = require("a")',
      'import a = require("a")'
    ]
    for (const statement of statements) assert.strictEqual(measured(statement).imports, 1, statement)
    assert.strictEqual(measured(statements.join("\n")).imports, statements.length)
  })

  it("does not count what only looks like one", () => {
    for (const text of [
      ' * import a from "a"',
      '// import a from "a"',
      "const important = 1",
      "important from 'a'",
      "export const from = 'a'",
      "export { a }\nconst from = 'a'",
      "import.meta.url + 'a'"
    ]) {
      assert.strictEqual(measured(text).imports, 0, text)
    }
  })
})

describe("TODO marks", () => {
  it("counts lines with a mark, each once", () => {
    assert.strictEqual(measured("// TODO a\n/* FIXME: b, TODO c */\nx() // XXX\n# HACK\n").todos, 4)
  })

  it("does not count words that contain a mark", () => {
    assert.strictEqual(measured("TODOS\nautoTODO\ntodo\nHACKER").todos, 0)
  })
})

describe("the longest function", () => {
  it("is none where there is no function", () => {
    assert.isNull(
      longest("const a = 1", "if (a) {", "  a()", "}", "for (;;) {", "}", "// function f() {", " * get(a) {")
    )
  })

  it("finds declarations", () => {
    assert.deepStrictEqual(longest("function f(a) {", "  return a", "}"), { name: "f", lines: 3 })
    assert.deepStrictEqual(longest("export default async function* f<A>(a: A) {", "  yield a", "}"), {
      name: "f",
      lines: 3
    })
  })

  it("finds arrows, with and without braces", () => {
    assert.deepStrictEqual(longest("export const f = (a) => {", "  return a", "}"), { name: "f", lines: 3 })
    assert.deepStrictEqual(longest("const f = async (a) =>", "  a +", "  1", "", "", "const b = 1"), {
      name: "f",
      lines: 3
    })
    assert.deepStrictEqual(longest("const f = a => a", "const b = 1"), { name: "f", lines: 1 })
    assert.deepStrictEqual(longest("const f = Effect.fn(function* (a) {", "  yield* a", "})"), { name: "f", lines: 3 })
  })

  it("finds methods and properties of classes and objects", () => {
    assert.deepStrictEqual(longest("class A {", "  constructor(a) {", "    this.a = a", "  }", "}"), {
      name: "constructor",
      lines: 3
    })
    assert.deepStrictEqual(
      longest("class A {", "  private static async f<B>(b: B): Promise<B> {", "    return b", "  }", "}"),
      {
        name: "f",
        lines: 3
      }
    )
    assert.deepStrictEqual(longest("class A {", "  #f = (a) => {", "    return a", "  }", "}"), {
      name: "#f",
      lines: 3
    })
    assert.deepStrictEqual(longest("const a = {", "  f(b) {", "    return b", "  },", "  c: 1", "}"), {
      name: "f",
      lines: 3
    })
    assert.deepStrictEqual(longest("call({", "  f: async (b) => {", "    return b", "  },", "  c: 1", "})"), {
      name: "f",
      lines: 3
    })
  })

  it("does not take calls and statements for methods", () => {
    assert.isNull(longest("call(a, [", "  b", "])", "while (a) {", "  b()", "}", "switch (a) {", "  case 1:", "}"))
  })

  it("counts parameters that take several lines", () => {
    assert.deepStrictEqual(longest("function f(", "  a: A,", "  b: B", "): C {", "  return a", "}", "const c = 1"), {
      name: "f",
      lines: 6
    })
    assert.deepStrictEqual(longest("const f = <", "  A", ">(", "  a: A", "): A => {", "  return a", "}", "f(1)"), {
      name: "f",
      lines: 7
    })
    assert.deepStrictEqual(
      longest("class A {", "  f(", "    a: A", "  ): B {", "    return a", "  }", "  b = 1", "}"),
      {
        name: "f",
        lines: 5
      }
    )
  })

  it("counts a function with the functions in it, and finds a longer one that follows", () => {
    const outer = ["function outer() {", "  const inner = () => {", "    return 1", "  }", "", "  return inner", "}"]
    assert.deepStrictEqual(longest(...outer), { name: "outer", lines: 7 })
    const later = ["const later = () => {", ...Array.from({ length: 6 }, () => "  call()"), "}"]
    assert.deepStrictEqual(longest(...outer, "", ...later), { name: "later", lines: 8 })
  })

  it("keeps the first of two that are equally long", () => {
    assert.deepStrictEqual(longest("function a() {", "}", "function b() {", "}"), { name: "a", lines: 2 })
  })

  it("ends a function at the end of the file when nothing closes it", () => {
    assert.deepStrictEqual(longest("function f() {", "  return 1", "", ""), { name: "f", lines: 2 })
  })
})
