import { describe, expect, test } from "bun:test";
import { isLoopback, listenAddress } from "../../src/config/listen.ts";
import { duration, oneOf, path, seconds, size, toggle } from "../../src/config/values.ts";

const minute = 60_000;
const hour = 60 * minute;

describe("duration", () => {
  const kind = duration("0", "30d");

  test.each([
    ["0", 0],
    ["3600", hour],
    ["500ms", 500],
    ["90s", 90_000],
    ["15m", 15 * minute],
    ["1h", hour],
    ["7d", 168 * hour],
    ["1h30m", 90 * minute],
    ["1.5h", 90 * minute],
  ])("%s is %d ms", (text, value) => {
    expect(kind.parse(text)).toBe(value);
  });

  test.each(["", " ", "5x", "-5s", "5 m", "m", "1e3", "0x10", "1h 30m", "+5", "1.5"])(
    "%p is refused",
    (text) => {
      expect(() => kind.parse(text)).toThrow("is not a duration");
    },
  );

  test.each(["31d", "99999999999999999999"])("%s is more than the limit of 30d", (text) => {
    expect(() => kind.parse(text)).toThrow("is more than the largest allowed, 30d.");
  });

  test("a value below the limit is refused", () => {
    expect(() => duration("1s", "30d").parse("999ms")).toThrow(
      "is less than the smallest allowed, 1s.",
    );
  });

  test.each([
    [0, 0],
    [1, "1ms"],
    [90_000, "90s"],
    [hour, "1h"],
    [48 * hour, "2d"],
  ])("%d ms is shown as %p, which reads as the same", (value, shown) => {
    expect(kind.show(value)).toBe(shown);
    expect(kind.parse(String(shown))).toBe(value);
  });
});

describe("seconds", () => {
  test.each([
    ["90", 90_000, 90],
    ["5m", 300_000, 300],
    ["0", 0, 0],
    ["1.5s", 1500, "1500ms"],
  ])("%s is read as a duration and shown in seconds", (text, value, shown) => {
    const kind = seconds("0", "30d");

    expect(kind.parse(text)).toBe(value);
    expect(kind.show(value)).toBe(shown);
    expect(kind.parse(String(shown))).toBe(value);
  });
});

describe("size", () => {
  const kind = size("0", "8000TiB");

  test.each([
    ["0", 0],
    ["4096", 4096],
    ["10B", 10],
    ["512KiB", 524_288],
    ["10MiB", 10_485_760],
    ["10 MiB", 10_485_760],
    ["10mib", 10_485_760],
    ["5GB", 5_000_000_000],
    ["1.5GiB", 1_610_612_736],
    ["2TB", 2_000_000_000_000],
  ])("%s is %d bytes", (text, value) => {
    expect(kind.parse(text)).toBe(value);
  });

  test.each(["", "5x", "-1", "MiB", "10 M iB", "1e6", "10M", "1.5"])("%p is refused", (text) => {
    expect(() => kind.parse(text)).toThrow("is not a size");
  });

  test("errors name limits in the unit of the value", () => {
    const limited = size("1KiB", "64MiB");

    expect(() => limited.parse("1000")).toThrow("is less than the smallest allowed, 1KiB.");
    expect(() => limited.parse("65MiB")).toThrow("is more than the largest allowed, 64MiB.");
  });

  test.each([
    [0, 0],
    [1000, "1KB"],
    [1024, "1KiB"],
    [1023, 1023],
    [4_194_304, "4MiB"],
    [5_000_000_000, "5GB"],
  ])("%d bytes are shown as %p, which reads as the same", (value, shown) => {
    expect(kind.show(value)).toBe(shown);
    expect(kind.parse(String(shown))).toBe(value);
  });
});

describe("listenAddress", () => {
  test.each([
    ["127.0.0.1:5000", "127.0.0.1", 5000],
    [":5000", "", 5000],
    ["5001", "127.0.0.1", 5001],
    ["0.0.0.0:80", "0.0.0.0", 80],
    ["localhost:0", "localhost", 0],
    ["nas.lan:5000", "nas.lan", 5000],
    ["[::1]:5000", "::1", 5000],
    ["[::]:5000", "::", 5000],
  ])("%s listens on host %p and port %d", (text, host, port) => {
    expect(listenAddress.parse(text)).toEqual({ host, port });
    expect(listenAddress.parse(String(listenAddress.show({ host, port })))).toEqual({ host, port });
  });

  test.each([
    ["", "has no port"],
    ["nas.lan", "has no port"],
    ["[::1]", "has no port"],
    ["::1:5000", "without brackets"],
    ["[::g]:5000", "without brackets, or a wrong one"],
    ["1.2.3:5000", "no valid host name or address"],
    ["256.1.1.1:5000", "no valid host name or address"],
    ["a b:5000", "no valid host name or address"],
    ["nas_.lan/x:5000", "no valid host name or address"],
    [":65536", "no valid port"],
    [":http", "no valid port"],
    [":", "no valid port"],
    ["http://localhost:5000", "leave out the scheme"],
  ])("%p is refused because it %s", (text, reason) => {
    expect(() => listenAddress.parse(text)).toThrow(reason);
  });

  test.each([
    ["[::ffff:127.0.0.1]:5000", true],
    ["[::FFFF:7f00:1]:5000", true],
    ["[0:0:0:0:0:0:0:1]:5000", true],
    ["[::ffff:128.0.0.1]:5000", false],
    ["[::2]:5000", false],

    ["127.0.0.1:1", true],
    ["127.8.9.1:1", true],
    ["[::1]:1", true],
    ["localhost:1", true],
    ["5000", true],
    [":5000", false],
    ["0.0.0.0:1", false],
    ["[::]:1", false],
    ["192.168.1.20:1", false],
    ["127.0.0.1.example.org:1", false],
  ])("%s listens on localhost only: %p", (text, loopback) => {
    expect(isLoopback(listenAddress.parse(text))).toBe(loopback);
  });
});

describe("toggle, oneOf and path", () => {
  test.each([
    ["true", true],
    ["Yes", true],
    ["on", true],
    ["1", true],
    ["FALSE", false],
    ["no", false],
    ["off", false],
    ["0", false],
  ])("switch %s is %p", (text, value) => {
    expect(toggle.parse(text)).toBe(value);
  });

  test("a switch that is neither true nor false is refused", () => {
    expect(() => toggle.parse("maybe")).toThrow("is neither true nor false.");
  });

  test("a word is accepted in any case, and an unknown one is refused with the list", () => {
    const kind = oneOf("info", "warn");

    expect(kind.parse("INFO")).toBe("info");
    expect(() => kind.parse("loud")).toThrow("is not one of info, warn.");
  });

  test.each([
    ["", "is empty"],
    ["~", "only a shell expands"],
    ["~/registry", "only a shell expands"],
    ["a\0b", "zero byte"],
  ])("path %p is refused", (text, reason) => {
    expect(() => path.parse(text)).toThrow(reason);
  });
});
