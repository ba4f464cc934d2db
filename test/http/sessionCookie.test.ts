// The cookie of a browser's login, and where a login leads to.
import { describe, expect, test } from "bun:test";
import { safeNext } from "../../src/http/pages/forms.ts";
import { readSessionCookie, sessionCookie } from "../../src/http/sessionCookie.ts";

describe("over TLS", () => {
  const request = (origin: string, cookie = "") => ({
    request: new Request("http://breadbox", { headers: { cookie, host: "boxes.example" } }),
    ...{ origin: () => origin, path: "/", foreign: true },
  });
  const secret = "s".repeat(43);

  test.each([
    ["this server's", "https://boxes.example", ""],
    ["of a proxy that only http.url tells of", "http://boxes.example", "https://boxes.example"],
  ])("%s, the cookie is bound to the host and never sent in the clear", (_, origin, named) => {
    const asked = request(origin, `__Host-breadbox=${secret}; breadbox=planted`);

    expect(sessionCookie(asked, { url: named }, secret)).toBe(
      `__Host-breadbox=${secret}; Path=/; Max-Age=604800; HttpOnly; SameSite=Lax; Secure`,
    );
    expect(readSessionCookie(asked, { url: named })).toBe(secret);
  });

  test("a cookie that came in the clear does not count", () => {
    const asked = request("https://boxes.example", `breadbox=${secret}`);
    expect(readSessionCookie(asked, { url: "" })).toBeNull();
  });
});

test.each([
  ["/lab/app:1.2?x=1", "/lab/app:1.2?x=1"],
  [null, "/"],
  ["", "/"],
  ["lab", "/"],
  ["//evil.example", "/"],
  ["/\\evil.example", "/"],
  ["https://evil.example/", "/"],
  ["/\t/evil.example", "/"],
  ["/x\r\nSet-Cookie: a=b", "/xSet-Cookie:%20a=b"],
  ["/..//evil.example", "/"],
])("a login leads from %p to %p, never to another server", (given, next) => {
  expect(safeNext(given)).toBe(next);
});
