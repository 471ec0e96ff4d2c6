/**
 * What to do when an import is refused.
 */
import type { ImportRefused } from "../LifecycleError.ts"

const spoilt = "Export the agent again, or use another copy; this one was changed or cut."

/** By the reason of the refusal. */
export const remedies: { readonly [R in ImportRefused["reason"]]: string } = {
  NotAnExport: spoilt,
  NewerFormat: spoilt,
  Malformed: spoilt,
  TooLarge: "Raise the limits in `Limits`, if you trust where it comes from.",
  Order: spoilt,
  Gap: spoilt,
  Truncated: spoilt,
  TrailingData: "Pass one export, and nothing behind it.",
  Counts: spoilt,
  Checksum: spoilt,
  IdTaken: "Import it as another agent, which gets new ids."
}
