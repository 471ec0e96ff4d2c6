import { execFile } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { promisify } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { freshPlace } from "../cluster/place.ts"

const folder = join(import.meta.dirname, "../../examples/cluster")
const text = (name: string): string => readFileSync(join(folder, name), "utf8")

const Labels = Schema.Record(Schema.String, Schema.String)
const Metadata = Schema.Struct({ name: Schema.NonEmptyString, labels: Labels })
const Port = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 65_535 }))
const Quantity = Schema.String.check(Schema.isPattern(/^[1-9][0-9]*(?:m|Ki|Mi|Gi)?$/u))

/** What these kinds have to be, as far as the manifest uses it; anything else is refused. */
const Service = Schema.Struct({
  apiVersion: Schema.Literal("v1"),
  kind: Schema.Literal("Service"),
  metadata: Metadata,
  spec: Schema.Struct({
    clusterIP: Schema.Literal("None"),
    publishNotReadyAddresses: Schema.Boolean,
    selector: Labels,
    ports: Schema.Array(Schema.Struct({ name: Schema.String, port: Port, targetPort: Schema.String }))
  })
})

const Budget = Schema.Struct({
  apiVersion: Schema.Literal("policy/v1"),
  kind: Schema.Literal("PodDisruptionBudget"),
  metadata: Metadata,
  spec: Schema.Struct({ maxUnavailable: Schema.Int, selector: Schema.Struct({ matchLabels: Labels }) })
})

const Variable = Schema.Union([
  Schema.Struct({ name: Schema.String, value: Schema.String }),
  Schema.Struct({
    name: Schema.String,
    valueFrom: Schema.Union([
      Schema.Struct({ fieldRef: Schema.Struct({ fieldPath: Schema.Literals(["metadata.name", "status.podIP"]) }) }),
      Schema.Struct({ secretKeyRef: Schema.Struct({ name: Schema.String, key: Schema.String }) })
    ])
  })
])

const Container = Schema.Struct({
  name: Schema.String,
  image: Schema.String.check(Schema.isPattern(/:[0-9]+\.[0-9]+\.[0-9]+$/u)),
  ports: Schema.Array(Schema.Struct({ name: Schema.String, containerPort: Port })),
  env: Schema.Array(Variable),
  readinessProbe: Schema.Struct({ tcpSocket: Schema.Struct({ port: Schema.String }), periodSeconds: Schema.Int }),
  resources: Schema.Struct({
    requests: Schema.Struct({ cpu: Quantity, memory: Quantity }),
    limits: Schema.Struct({ memory: Quantity })
  }),
  securityContext: Schema.Struct({ allowPrivilegeEscalation: Schema.Literal(false) })
})

const StatefulSet = Schema.Struct({
  apiVersion: Schema.Literal("apps/v1"),
  kind: Schema.Literal("StatefulSet"),
  metadata: Metadata,
  spec: Schema.Struct({
    replicas: Schema.Int,
    serviceName: Schema.String,
    podManagementPolicy: Schema.Literals(["OrderedReady", "Parallel"]),
    updateStrategy: Schema.Struct({ type: Schema.Literals(["RollingUpdate", "OnDelete"]) }),
    selector: Schema.Struct({ matchLabels: Labels }),
    template: Schema.Struct({
      metadata: Schema.Struct({ labels: Labels }),
      spec: Schema.Struct({
        terminationGracePeriodSeconds: Schema.Int,
        securityContext: Schema.Struct({ runAsNonRoot: Schema.Literal(true), runAsUser: Schema.Int }),
        containers: Schema.Array(Container)
      })
    })
  })
})

const Manifest = Schema.Struct({
  apiVersion: Schema.Literal("v1"),
  kind: Schema.Literal("List"),
  items: Schema.Tuple([Service, Budget, StatefulSet])
})

describe("the example of a cluster", { timeout: 120_000 }, () => {
  it.live("shows where actors are, and that they are met elsewhere once their machine was killed", () =>
    Effect.gen(function* () {
      const { url } = yield* freshPlace
      const { stdout } = yield* Effect.promise(() =>
        promisify(execFile)(process.execPath, [join(folder, "main.ts")], { env: { ...process.env, DATABASE_URL: url } })
      )
      const lines = stdout.trimEnd().split("\n")
      assert.lengthOf(lines, 9, stdout)
      const visits = (part: ReadonlyArray<string>) => part.join().match(/\((\d)\)/gu) ?? []
      assert.deepStrictEqual(visits(lines.slice(1, 4)), new Array(9).fill("(1)"))
      const [unlucky = ""] = (lines[4] ?? "").split(" is killed")
      assert.include(lines.slice(5, 8), `${unlucky}: nobody`)
      assert.deepStrictEqual(visits(lines.slice(5, 8)), new Array(9).fill("(2)"))
      assert.match(lines[8] ?? "", /^nobody was told of a failure/u)
    })
  )

  it("has a manifest for Kubernetes whose parts fit together and the machine", () => {
    const decode = Schema.decodeUnknownSync(Manifest, { onExcessProperty: "error" })
    const [service, budget, { spec }] = decode(JSON.parse(text("kubernetes.json"))).items
    const { metadata, spec: pod } = spec.template
    for (const labels of [service.spec.selector, budget.spec.selector.matchLabels, spec.selector.matchLabels]) {
      assert.deepStrictEqual(labels, metadata.labels)
    }
    assert.strictEqual(spec.serviceName, service.metadata.name)
    const [container] = pod.containers
    const [port] = container?.ports ?? []
    assert.strictEqual(container?.readinessProbe.tcpSocket.port, port?.name)
    assert.strictEqual(service.spec.ports[0]?.targetPort, port?.name)
    const set = new Set(container?.env.map(({ name }) => name))
    const sources = text("machine.ts") + text("guest.ts")
    const wanted = Array.from(sources.matchAll(/Config\.\w+\("(\w+)"\)/gu), ([, name]) => name)
    assert.deepStrictEqual([...set].sort(), [...new Set(wanted)].sort())
    // The machine finishes what it has taken for 30 seconds, before it is killed.
    assert.isAbove(pod.terminationGracePeriodSeconds, 30)
  })

  it("has a Dockerfile that pins its base, copies what is there, and runs the machine without root or a shell", () => {
    const known = ["FROM", "WORKDIR", "COPY", "RUN", "USER", "ENV", "EXPOSE", "CMD"]
    const instructions = text("Dockerfile")
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"))
      .map((line) => [line.split(" ")[0] ?? "", line.slice(line.indexOf(" ") + 1)] as const)
    for (const [name] of instructions) assert.include(known, name)
    const of = (name: string) => instructions.filter(([found]) => found === name).map(([, rest]) => rest)
    assert.match(of("FROM").join(), /^node:\d+\.\d+\.\d+-slim$/u)
    const root = join(folder, "../..")
    for (const [source = ""] of of("COPY").map((rest) => rest.split(" ")))
      assert.isTrue(existsSync(join(root, source)), source)
    assert.deepStrictEqual(of("USER"), ["node"])
    const command: unknown = JSON.parse(of("CMD").join())
    assert.deepStrictEqual(command, ["node", "examples/cluster/machine.ts"])
  })
})
