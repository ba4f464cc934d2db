// Times of a clock that was ahead, on pages and in commands: nobody is told that it was just now.
import { expect, test } from "bun:test";
import { agoOf } from "../../src/cli/images/space.ts";
import { Ago } from "../../src/pages/parts.tsx";
import { render } from "../../src/pages/render.ts";

const now = Date.UTC(2026, 10, 22, 9);
const year = 365 * 86_400_000;

test("a time in the future is shown as it is", () => {
  expect(agoOf(new Date(now + year).toISOString(), now)).toBe("2027-11-22 09:00:00 UTC");
  expect(render(Ago({ time: now + year, now }))).toContain(">2027-11-22 09:00:00 UTC<");
});

test("a time of the past, or of a clock that is steered, is shown by its age", () => {
  expect(agoOf(new Date(now + 5_000).toISOString(), now)).toBe("0s ago");
  expect(agoOf(new Date(now - 7_200_000).toISOString(), now)).toStartWith("2h");
  expect(render(Ago({ time: now + 5_000, now }))).toContain("just now");
  expect(render(Ago({ time: now - 7_200_000, now }))).toContain("2h ago");
});
