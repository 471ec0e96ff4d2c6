/** The code blocks of a Markdown text. */

/** One fenced block. */
export interface CodeBlock {
  /** The word behind the fence: `ts`, `sh`. */
  readonly language: string
  readonly text: string
  /** The line of the fence, from 1. */
  readonly line: number
  /** The file that the block says it is, by a first line such as `// account.ts`. */
  readonly file: string | undefined
}

const fence = /^```(\w*)\n([\s\S]*?)^```$/gm
const fileName = /^\/\/ ([\w-]+(?:\.[\w-]+)*\.ts)\b/

/** Every fenced block, in order. */
export const codeBlocks = (markdown: string): ReadonlyArray<CodeBlock> =>
  [...markdown.matchAll(fence)].map((match) => {
    const text = match[2] ?? ""
    return {
      language: match[1] ?? "",
      text,
      line: markdown.slice(0, match.index).split("\n").length,
      file: fileName.exec(text)?.[1]
    }
  })
