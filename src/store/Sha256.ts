/**
 * SHA-256 (FIPS 180-4) of a text that comes in pieces. The digests of the platform take a text as a whole, and what is exported may be larger than the
 * memory.
 */

/** The first so many prime numbers. */
const primes = (count: number): ReadonlyArray<number> => {
  const found: Array<number> = []
  for (let candidate = 2; found.length < count; candidate++) {
    if (found.every((prime) => candidate % prime !== 0)) found.push(candidate)
  }
  return found
}

/** The first 32 bits behind the point. */
const fraction = (value: number): number => Math.floor((value - Math.floor(value)) * 0x100000000) | 0

const constants = Int32Array.from(primes(64), (prime) => fraction(Math.cbrt(prime)))
const start = Int32Array.from(primes(8), (prime) => fraction(Math.sqrt(prime)))

const encoder = new TextEncoder()

const rotated = (word: number, by: number): number => (word >>> by) | (word << (32 - by))

/** The digest of what was added, in UTF-8. */
export class Sha256 {
  private readonly state = Int32Array.from(start)
  private readonly words = new Int32Array(64)
  private readonly block = new Uint8Array(64)
  private readonly view = new DataView(this.block.buffer)
  private filled = 0
  private length = 0

  /** Adds a piece; none may end between the halves of a surrogate pair. */
  add(text: string): void {
    const bytes = encoder.encode(text)
    this.length += bytes.length
    this.put(bytes)
  }

  /** Ends the text, and gives its digest in hexadecimal digits. Nothing can be added afterwards. */
  end(): string {
    const bits = this.length * 8
    this.put(Uint8Array.of(0x80))
    // The length takes the last eight bytes of a block.
    this.put(new Uint8Array((120 - this.filled) % 64))
    this.view.setUint32(56, Math.floor(bits / 0x100000000))
    this.view.setUint32(60, bits >>> 0)
    this.mix()
    return Array.from(this.state, (word) => (word >>> 0).toString(16).padStart(8, "0")).join("")
  }

  private put(bytes: Uint8Array): void {
    for (let from = 0; from < bytes.length; ) {
      const count = Math.min(64 - this.filled, bytes.length - from)
      this.block.set(bytes.subarray(from, from + count), this.filled)
      this.filled += count
      from += count
      if (this.filled < 64) return
      this.mix()
      this.filled = 0
    }
  }

  /** Mixes one full block into the state. */
  private mix(): void {
    const { state, words } = this
    for (let at = 0; at < 16; at++) words[at] = this.view.getInt32(at * 4)
    for (let at = 16; at < 64; at++) {
      const near = words[at - 2] ?? 0
      const far = words[at - 15] ?? 0
      const small = rotated(far, 7) ^ rotated(far, 18) ^ (far >>> 3)
      const large = rotated(near, 17) ^ rotated(near, 19) ^ (near >>> 10)
      words[at] = (words[at - 16] ?? 0) + small + (words[at - 7] ?? 0) + large
    }
    // One by one: taking an array apart would cost more than all that follows.
    let a = state[0] ?? 0
    let b = state[1] ?? 0
    let c = state[2] ?? 0
    let d = state[3] ?? 0
    let e = state[4] ?? 0
    let f = state[5] ?? 0
    let g = state[6] ?? 0
    let h = state[7] ?? 0
    for (let at = 0; at < 64; at++) {
      const choice = (e & f) ^ (~e & g)
      const majority = (a & b) ^ (a & c) ^ (b & c)
      const first = rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)
      const one = (h + first + choice + (constants[at] ?? 0) + (words[at] ?? 0)) | 0
      const two = ((rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)) + majority) | 0
      h = g
      g = f
      f = e
      e = (d + one) | 0
      d = c
      c = b
      b = a
      a = (one + two) | 0
    }
    state[0] = (state[0] ?? 0) + a
    state[1] = (state[1] ?? 0) + b
    state[2] = (state[2] ?? 0) + c
    state[3] = (state[3] ?? 0) + d
    state[4] = (state[4] ?? 0) + e
    state[5] = (state[5] ?? 0) + f
    state[6] = (state[6] ?? 0) + g
    state[7] = (state[7] ?? 0) + h
  }
}
