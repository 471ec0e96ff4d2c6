/**
 * What stands for a text that is secret, or too long for a name.
 */
import { hash } from "node:crypto"

/** SHA-256: 43 characters, whatever the text. */
export const digest = (text: string): string => hash("sha256", text, "base64url")
