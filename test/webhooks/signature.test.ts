import { expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import { signatureHeaders, signatureOf } from "../../src/webhooks/signature.ts";

const message = { id: "msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp: 1614265330 };
const body = '{"test": 2432232314}';
const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

test("the signature is that of the example in the specification of Standard Webhooks", () => {
  expect(signatureOf(secret, { ...message, body })).toBe(
    "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
  );
});

test("a secret without whsec_ is the key as it is, and none signs nothing", () => {
  const key = "a-secret-of-some-length";
  const signed = createHmac("sha256", key)
    .update(`${message.id}.${message.timestamp}.${body}`)
    .digest("base64");

  expect(signatureHeaders(key, { ...message, body })).toEqual({
    "webhook-id": message.id,
    "webhook-timestamp": "1614265330",
    "webhook-signature": `v1,${signed}`,
  });
  expect(Object.keys(signatureHeaders("", { ...message, body }))).toEqual([
    "webhook-id",
    "webhook-timestamp",
  ]);
});
