// Ids in the order in which they were given, at clocks that are set.
import { expect, test } from "bun:test";
import { laterId } from "../../src/model/laterId.ts";

test("an id comes after the latest one, although the clock was set back by a year", () => {
  const latest = "019fffff-ffff-7aaa-8aaa-aaaaaaaaaaaa";
  const id = "01900000-0000-7bbb-8bbb-bbbbbbbbbbbb";

  expect(laterId(latest, id)).toBe("01a00000-0000-7bbb-8bbb-bbbbbbbbbbbb");
  expect(laterId(laterId(latest, id), id)).toBe("01a00000-0001-7bbb-8bbb-bbbbbbbbbbbb");
});

test("an id that is the latest anyway, or the first one, stays as it is", () => {
  const id = Bun.randomUUIDv7();

  expect(laterId(null, id)).toBe(id);
  expect(laterId("01900000-0000-7bbb-8bbb-bbbbbbbbbbbb", id)).toBe(id);
});
