import { describe, expect, test } from "bun:test";
import { cron, timeZone } from "../../src/config/schedule.ts";
import { share } from "../../src/config/share.ts";

describe("cron", () => {
  test.each([
    ["0 3 * * *", "0 3 * * *"],
    [" 0  3 * * * ", "0 3 * * *"],
    ["*/15 0-6 1,15 JAN-MAR MON", "*/15 0-6 1,15 JAN-MAR MON"],
    ["0 3 29 2 *", "0 3 29 2 *"],
    ["@Daily", "@daily"],
  ])("%p is read as %p", (text, expression) => {
    expect(cron.parse(text)).toBe(expression);
  });

  test.each([
    ["", "is not a cron expression of five fields"],
    ["0 3 * *", "is not a cron expression of five fields"],
    ["* * * * * *", "is not a cron expression of five fields"],
    ["2026-01-01T00:00:00", "is not a cron expression of five fields"],
    ["@reboot", "is not a cron expression of five fields"],
    ["61 * * * *", "is not a cron expression: Invalid value for minute: 61"],
    ["0 3 * * someday", "is not a cron expression: "],
    ["0 0 31 2 *", "is a time that never comes."],
  ])("%p is refused: it %s", (text, reason) => {
    expect(() => cron.parse(text)).toThrow(reason);
  });
});

describe("timeZone", () => {
  test.each([
    ["local", null],
    ["LOCAL", null],
    ["UTC", "UTC"],
    ["europe/berlin", "Europe/Berlin"],
  ])("%p is read as %p, and shown as what reads as the same", (text, zone) => {
    expect(timeZone.parse(text)).toBe(zone);
    expect(timeZone.parse(String(timeZone.show(zone)))).toBe(zone);
  });

  test.each(["", "Nowhere/City", ":/etc/localtime"])("%p is refused", (text) => {
    expect(() => timeZone.parse(text)).toThrow("is not a time zone");
  });
});

describe("share", () => {
  test.each([
    ["0", 0],
    ["0.25", 0.25],
    ["25%", 0.25],
    ["29 %", 0.29],
    ["100%", 1],
    ["1", 1],
  ])("%p is %p of the whole", (text, value) => {
    expect(share.parse(text)).toBe(value);
  });

  test.each(["", "-1", "a quarter", ".5", "1e-1"])("%p is refused", (text) => {
    expect(() => share.parse(text)).toThrow("is not a share");
  });

  test.each(["1.5", "101%", "25"])("%p is more than the whole", (text) => {
    expect(() => share.parse(text)).toThrow("is more than the whole");
  });
});
