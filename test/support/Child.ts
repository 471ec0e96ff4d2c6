/** A program in a process of its own, which can be killed at any moment. */
import { type ChildProcess, spawn } from "node:child_process"
import { join } from "node:path"

/** How a process ended. */
export interface Ending {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

// Most of what a short program does is to compile its modules.
const compileCache = join(import.meta.dirname, "../../node_modules/.cache/compile")

const living = new Set<ChildProcess>()

// Whatever becomes of a test, its children do not outlive the run.
process.once("exit", () => {
  for (const child of living) child.kill("SIGKILL")
})

export class Child {
  stdout = ""
  stderr = ""
  readonly ended: Promise<Ending>
  private readonly process: ChildProcess
  private isOver = false
  private heard: Array<() => void> = []

  /** Runs a script with the Node that runs this one. */
  constructor(
    script: string,
    args: ReadonlyArray<string>,
    options: { readonly cwd?: string; readonly env?: object; readonly flags?: ReadonlyArray<string> } = {}
  ) {
    const child = spawn(process.execPath, [...(options.flags ?? []), script, ...args], {
      cwd: options.cwd,
      env: { ...process.env, ...options.env, NODE_OPTIONS: "", NODE_COMPILE_CACHE: compileCache },
      stdio: ["ignore", "pipe", "pipe"]
    })
    this.process = child
    living.add(child)
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.stdout += text
      this.tell()
    })
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text
      this.tell()
    })
    this.ended = new Promise((resolve, reject) => {
      child.once("error", reject)
      // `close`, not `exit`: by then everything the child wrote has been read.
      child.once("close", (code, signal) => {
        living.delete(child)
        this.isOver = true
        this.tell()
        resolve({ code, signal })
      })
    })
  }

  /** Completes once the condition holds; fails if the program ends before. */
  async until(condition: (child: Child) => boolean): Promise<void> {
    while (!condition(this)) {
      if (this.isOver) throw new Error(`the program ended too early:\n${this.stdout}\n${this.stderr}`)
      await new Promise<void>((resolve) => this.heard.push(resolve))
    }
  }

  /** Ends it with no chance to say anything, and waits for its end. */
  async kill(): Promise<Ending> {
    this.process.kill("SIGKILL")
    return await this.ended
  }

  /** Sends it a signal, such as `SIGSTOP`. */
  signal(signal: NodeJS.Signals): void {
    this.process.kill(signal)
  }

  private tell(): void {
    for (const resolve of this.heard.splice(0)) resolve()
  }
}
