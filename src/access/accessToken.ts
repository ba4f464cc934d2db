// Access tokens: texts that secret scanners recognise and that are stored as hashes only.

/** Every token begins so; scanners look for it. */
export const tokenPrefix = "bbx_";
const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/** Random characters: 190 bits. */
const secretLength = 32;
/** Characters of the checksum: CRC-32 fits. */
const checksumLength = 6;
const grammar = new RegExp(`^${tokenPrefix}[0-9A-Za-z]{${secretLength + checksumLength}}$`);

/** Makes a token: prefix, 32 random characters, and the CRC-32 of both in base 62, as GitHub's tokens have it. */
export function makeAccessToken(): string {
  const body = tokenPrefix + randomText();
  return body + checksumOf(body);
}

/** True for what may be a token: its shape and checksum are right. A mistyped one is refused without a look at the database. */
export function isAccessToken(text: string): boolean {
  if (!grammar.test(text)) return false;
  return checksumOf(text.slice(0, -checksumLength)) === text.slice(-checksumLength);
}

/** What is stored of a token: SHA-256 in hexadecimal. A slow hash has no use here, since nobody can guess 190 bits. */
export function hashOfToken(token: string): string {
  return new Bun.CryptoHasher("sha256").update(token).digest("hex");
}

function randomText(): string {
  let text = "";
  while (text.length < secretLength) {
    for (const byte of crypto.getRandomValues(new Uint8Array(secretLength))) {
      // The bytes above would make the first characters of the alphabet likelier.
      if (byte < 248 && text.length < secretLength) text += alphabet.charAt(byte % alphabet.length);
    }
  }
  return text;
}

function checksumOf(text: string): string {
  let [rest, digits] = [Bun.hash.crc32(text), ""];
  while (digits.length < checksumLength) {
    digits = alphabet.charAt(rest % alphabet.length) + digits;
    rest = Math.floor(rest / alphabet.length);
  }
  return digits;
}
