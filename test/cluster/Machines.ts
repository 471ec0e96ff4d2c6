/** Machines of a cluster, in processes of their own on one server, which can be killed, frozen and restarted. */
import { createServer } from "node:net"
import { join } from "node:path"
import * as PgClient from "@effect/sql-pg/PgClient"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as ClusterNode from "../../layers/engine/clusterNode.ts"
import * as Postgres from "../../layers/postgres/index.ts"
import { Child } from "../support/Child.ts"
import * as GuardedServices from "./guardedServices.ts"

/** What a machine runs. */
export type Program = "machine.ts" | "guardedMachine.ts"

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

/** Where the cluster is. */
export interface Place {
  readonly url: string
  readonly schema: string
}

export class Machines {
  private readonly place: Place
  private readonly ports: ReadonlyArray<number>
  private readonly script: string
  private readonly children: Array<Child>

  private constructor(place: Place, ports: ReadonlyArray<number>, program: Program) {
    this.place = place
    this.ports = ports
    this.script = join(import.meta.dirname, program)
    this.children = ports.map((port) => this.launch(port))
  }

  /** Starts so many, and waits until all are there. */
  static async start(place: Place, count: number, program: Program = "machine.ts"): Promise<Machines> {
    const ports = await Promise.all(Array.from({ length: count }, freePort))
    const machines = new Machines(place, ports, program)
    await Promise.all(machines.children.map(isReady))
    return machines
  }

  get count(): number {
    return this.ports.length
  }

  async kill(index: number): Promise<void> {
    await this.at(index).kill()
  }

  /** Ends one as an operator does, and waits for that. */
  async end(index: number): Promise<void> {
    const child = this.at(index)
    child.signal("SIGTERM")
    await child.ended
  }

  freeze(index: number): void {
    this.at(index).signal("SIGSTOP")
  }

  thaw(index: number): void {
    this.at(index).signal("SIGCONT")
  }

  /** Starts one that has ended. */
  async restart(index: number): Promise<void> {
    const port = this.ports[index]
    if (port === undefined) throw new Error(`no machine ${index}`)
    const child = this.launch(port)
    this.children[index] = child
    await isReady(child)
  }

  /** What one has written, for whoever looks for the reason of a failure. */
  log(index: number): string {
    const { stderr, stdout } = this.at(index)
    return `${stdout}\n${stderr}`
  }

  async stop(): Promise<void> {
    await Promise.all(this.children.map((child) => child.kill()))
  }

  private at(index: number): Child {
    const child = this.children[index]
    if (child === undefined) throw new Error(`no machine ${index}`)
    return child
  }

  private launch(port: number): Child {
    return new Child(this.script, [this.place.url, this.place.schema, String(port)])
  }
}

const isReady = (child: Child): Promise<void> => child.until(({ stdout }) => stdout.includes("ready"))

const sqlOf = ({ url }: Place) => PgClient.layer({ url: Redacted.make(url), maxConnections: 6 })

/** A program beside the machines, with the stores for whoever looks behind. */
export const client = (place: Place) =>
  ClusterNode.layerClient().pipe(Layer.provideMerge(Postgres.layerClient(place)), Layer.provide(sqlOf(place)))

/** The same, but it asks who may do what before it sends. */
export const guardedClient = (place: Place) =>
  ClusterNode.layerClient().pipe(
    Layer.provideMerge(GuardedServices.layer),
    Layer.provideMerge(Postgres.layerClient(place)),
    Layer.provide(sqlOf(place))
  )
