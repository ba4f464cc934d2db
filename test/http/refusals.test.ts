import { expect, test } from "bun:test";
import { RefusalCount } from "../../src/http/refusals.ts";

test("of refusals of one kind, one a second is told, with the number of those in between", () => {
  const refusals = new RefusalCount();

  expect([0, 10, 999].map((now) => refusals.count("DISK_FULL", now))).toEqual([0, null, null]);
  expect(refusals.count("BUSY", 999)).toBe(0);
  expect(refusals.count("DISK_FULL", 1000)).toBe(2);
  expect(refusals.count("DISK_FULL", 2000)).toBe(0);
});
