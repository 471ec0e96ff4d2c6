/**
 * Why a credential does not count, inside the service.
 */
import * as Data from "effect/Data"
import type { VisibleReason } from "../../../src/AuthError.ts"
import type { RefusalReason } from "../../../src/AuthService.ts"

/** A credential that does not count. `principalId` is known of a genuine one only. */
export class Refused extends Data.TaggedError("Refused")<{
  readonly reason: RefusalReason
  readonly principalId: string | undefined
}> {}

/** What the caller is told. A forger learns nothing: a reason is told only of what was signed here, or of whoever knows the secret. */
export const visible = ({ reason }: Refused): VisibleReason =>
  reason === "Expired" || reason === "Revoked" ? reason : "Invalid"
