import { PostgresServer } from "./PostgresServer.ts"

/** One server for the whole run, unless the environment names one. */
export default async function setup(): Promise<() => Promise<void>> {
  if (process.env["PANTHEON_TEST_DATABASE_URL"] !== undefined) return async () => {}
  const server = await PostgresServer.start()
  process.env["PANTHEON_TEST_DATABASE_URL"] = server.url
  return () => server.stop()
}
