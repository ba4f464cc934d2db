// Receives the webhooks of Breadbox, and believes only what is signed. Node.js 20 or newer, no packages.
// WEBHOOK_SECRET=… PORT=8080 node webhook-receiver.mjs
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

const { WEBHOOK_SECRET: secret = "", PORT: port = "8080" } = process.env;
const key = secret.startsWith("whsec_") ? Buffer.from(secret.slice(6), "base64") : secret;
const seen = new Set();
const print = (line) => process.stdout.write(`${line}\n`);

/** The scheme of Standard Webhooks: HMAC-SHA-256 of `id.timestamp.body`, no older than five minutes. */
function isGenuine(headers, body) {
  const [id, timestamp] = [headers["webhook-id"], headers["webhook-timestamp"]];
  if (Math.abs(Date.now() / 1000 - Number(timestamp)) > 300) return false;
  const expected = createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest();
  return String(headers["webhook-signature"] ?? "")
    .split(" ")
    .map((each) => Buffer.from(each.replace(/^v1,/, ""), "base64"))
    .some((given) => given.length === expected.length && timingSafeEqual(given, expected));
}

createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks).toString();
  if (!isGenuine(request.headers, body)) return response.writeHead(401).end();
  const { id, type, subject, data } = JSON.parse(body);
  // Each event comes at least once: the id tells repetitions.
  if (!seen.has(id)) print(`${type} ${subject ?? "-"} ${data.tag ?? "-"} ${data.digest ?? "-"}`);
  seen.add(id);
  // Anything else than 2xx is sent again later.
  response.writeHead(204).end();
}).listen(Number(port), "127.0.0.1", () => print("listening"));
