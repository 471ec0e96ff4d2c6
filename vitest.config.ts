import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    globalSetup: ["test/support/globalSetup.ts"],
    include: ["test/**/*.test.ts"],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Many tests wait for processes and servers more than they compute.
    maxWorkers: 3,
    retry: 0,
    allowOnly: false,
    passWithNoTests: false
  }
})
