/** Running other programs from the scripts. */
import { spawnSync } from "node:child_process"
import { delimiter, join, resolve } from "node:path"

const root = resolve(import.meta.dirname, "..")

/** The programs of this project come first, the `node` that it pins included. */
const environment = (more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
  ...process.env,
  PATH: [join(root, "node_modules", ".bin"), process.env["PATH"]].join(delimiter),
  ...more
})

/** Runs a program and shows what it prints; ends this process when it fails. */
export const run = (
  program: string,
  args: ReadonlyArray<string>,
  options?: { cwd?: string; env?: NodeJS.ProcessEnv }
) => {
  const done = spawnSync(program, args, { cwd: options?.cwd ?? root, env: environment(options?.env), stdio: "inherit" })
  if (done.status === 0) return
  console.error(`\n${program} ${args.join(" ")} failed with ${done.signal ?? done.status ?? done.error}`)
  process.exit(1)
}

/** Runs a program and gives what it prints; ends this process when it fails. */
export const read = (
  program: string,
  args: ReadonlyArray<string>,
  options?: { cwd?: string; env?: NodeJS.ProcessEnv }
) => {
  const done = spawnSync(program, args, { cwd: options?.cwd ?? root, env: environment(options?.env), encoding: "utf8" })
  if (done.status === 0) return done.stdout
  console.error(`${done.stdout}${done.stderr}`.slice(-20_000))
  console.error(`\n${program} ${args.join(" ")} failed with ${done.signal ?? done.status}`)
  return process.exit(1)
}
