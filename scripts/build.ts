/** Builds what is published, from nothing, into `dist`. */
import { rmSync } from "node:fs"
import { run } from "./run.ts"

rmSync("dist", { recursive: true, force: true })
run("tsc", ["-p", "tsconfig.build.json"])
