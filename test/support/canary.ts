// Known secrets, everything that a program said, and which of the former are in the latter.

/** Collects what was said, and looks for secrets in it. */
export class Canaries {
  readonly #secrets = new Map<string, string>();
  readonly #said: { readonly where: string; readonly text: string }[] = [];

  /** @param name says which secret it is. @returns it. @throws Error for a text that would be found by chance. */
  secret(name: string, text: string): string {
    if (text.length < 12) throw new Error(`${name} is too short to be looked for`);
    this.#secrets.set(name, text);
    return text;
  }

  /** Notes what was said somewhere. @returns it. */
  said(where: string, text: string): string {
    this.#said.push({ where, text });
    return text;
  }

  /** How many different places were noted. */
  get places(): number {
    return new Set(this.#said.map(({ where }) => where)).size;
  }

  /** The secrets' names. */
  get names(): readonly string[] {
    return [...this.#secrets.keys()];
  }

  /** `password in GET /metrics`: each secret that was said, in any spelling, and where. */
  leaks(): readonly string[] {
    const found = new Set<string>();
    for (const [name, secret] of this.#secrets) {
      const spellings = spellingsOf(secret);
      for (const { where, text } of this.#said) {
        if (spellings.some((spelling) => text.includes(spelling))) found.add(`${name} in ${where}`);
      }
    }
    return [...found];
  }
}

/** As it is, and as programs write it on the way: JSON, URLs, forms, Base64, hexadecimal. */
function spellingsOf(secret: string): readonly string[] {
  const bytes = Buffer.from(secret);
  // Base64 spells a text in three ways, by what is before it; the first and last characters belong to its neighbours as well.
  const shifted = [0, 1, 2].flatMap((before) => {
    const shiftedBytes = Buffer.concat([Buffer.alloc(before), bytes]);
    return [shiftedBytes.toString("base64"), shiftedBytes.toString("base64url")].map((text) =>
      text.replace(/=+$/, "").slice(before === 0 ? 0 : before + 1, -2),
    );
  });
  const digest = new Bun.CryptoHasher("sha256").update(secret).digest("hex");
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret),
    new URLSearchParams({ x: secret }).toString().slice(2),
    bytes.toString("hex"),
    digest,
    ...shifted,
  ];
}
