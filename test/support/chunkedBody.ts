// The body of an answer in chunks (RFC 9112, 7.1), as it arrives. Trailers are passed over as empty ones are sent.

/** Takes an answer's body apart. */
export class ChunkedBody {
  /** The line being read: a chunk's size, or what ends a chunk. */
  #line = "";
  /** Bytes of the chunk that have not arrived. */
  #left = 0;
  #last = false;

  /** @param onBody sees the chunks' bytes. @returns true when the last one has arrived. */
  take(bytes: Uint8Array, onBody: (part: Uint8Array) => void): boolean {
    for (let at = 0; at < bytes.length; ) {
      if (this.#left > 0) {
        const part = bytes.subarray(at, at + this.#left);
        onBody(part);
        this.#left -= part.length;
        at += part.length;
        continue;
      }
      this.#line += String.fromCharCode(bytes[at] ?? 0);
      at += 1;
      if (this.#line.endsWith("\r\n") && this.#lineEnds()) return true;
    }
    return false;
  }

  /** @returns true when nothing follows. */
  #lineEnds(): boolean {
    const line = this.#line.trim();
    this.#line = "";
    // The end of a chunk's bytes is an empty line, and that of the body as well.
    if (line === "") return this.#last;
    this.#left = Number.parseInt(line, 16);
    this.#last = this.#left === 0;
    return false;
  }
}
