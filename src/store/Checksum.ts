/**
 * A checksum against accidental damage; it is no protection against forgery.
 */

/** FNV-1a over the UTF-16 units of a text (Fowler, Noll, Vo), as an unsigned 32-bit integer. */
export const of = (text: string): number => {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  }
  return hash >>> 0
}
