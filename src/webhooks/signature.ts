// Proof of who sent an event, and that nobody changed it: the scheme of Standard Webhooks 1.0 (standardwebhooks.com), so that its
// libraries verify it. Pure.

/** What is signed: the id and the time of the attempt protect against being sent again by somebody else. */
export interface Signed {
  readonly id: string;
  /** Unix seconds of the attempt. */
  readonly timestamp: number;
  readonly body: string;
}

const encodedStart = "whsec_";

/** @returns the headers of a signed request. */
export function signatureHeaders(
  secret: string,
  { id, timestamp, body }: Signed,
): Readonly<Record<string, string>> {
  return {
    "webhook-id": id,
    "webhook-timestamp": String(timestamp),
    ...(secret !== "" && {
      "webhook-signature": `v1,${signatureOf(secret, { id, timestamp, body })}`,
    }),
  };
}

/** HMAC-SHA-256 of `id.timestamp.body` in base64. @param secret its bytes in base64 after `whsec_`, any other text as it is. */
export function signatureOf(secret: string, { id, timestamp, body }: Signed): string {
  const key = secret.startsWith(encodedStart)
    ? Buffer.from(secret.slice(encodedStart.length), "base64")
    : secret;
  return new Bun.CryptoHasher("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64");
}
