import { describe, expect, test } from "bun:test";
import { loadConfig } from "../../src/config/load.ts";
import { serverUrl } from "../../src/config/serverUrl.ts";

describe("a server's URL", () => {
  test.each([
    ["", ""],
    ["https://registry.example.com", "https://registry.example.com"],
    ["https://Registry.Example.com:443/", "https://registry.example.com"],
    ["http://registry.lan:5000", "http://registry.lan:5000"],
    ["http://[::1]:5000", "http://[::1]:5000"],
  ])("%p is %p", (text, url) => {
    expect(serverUrl.parse(text)).toBe(url);
    expect(serverUrl.parse(serverUrl.show(url).toString())).toBe(url);
  });

  test.each([
    ["registry.example.com", "is no URL"],
    ["registry.example.com:5000", "is no URL"],
    ["ftp://registry.example.com", "is no URL"],
    ["https://", "is no URL"],
    ["https://ann:secret@registry.example.com", "a user or a password"],
    ["https://registry.example.com/v2", "more than scheme, host and port"],
    ["https://registry.example.com?x", "more than scheme, host and port"],
  ])("%p is refused: it %s", (text, problem) => {
    expect(() => serverUrl.parse(text)).toThrow(problem);
  });
});

test.each(["https://ann:canary@lab.example", "https://ann:can/ary@lab.example", "x://canary@x"])(
  "the mistake in %s is shown without the password",
  async (url) => {
    const env = { BREADBOX_HTTP_URL: url };
    const loading = loadConfig({ flags: {}, file: null, env, directory: "." });
    const said = await loading.then(
      () => "",
      (error) => String(error.message),
    );
    expect(said).toContain("://(hidden)@");
    expect(said).not.toMatch(/canary|can\/ary/);
  },
);
