// Bodies of objects and of parts that break off. The server is this file's alone: what other requests left would still be going away.
import { describe, expect, test } from "bun:test";
import { waitFor } from "../support/processes.ts";
import { request, talk } from "../support/rawHttp.ts";
import { object, objectTarget, storedObjects } from "./badObjectInput.ts";

const target = objectTarget();

describe("a body that breaks off", () => {
  const paths = { object: () => object, part: () => `${target().upload}/parts/1` };
  for (const [what, path] of Object.entries(paths)) {
    test(`keeps the ${what} that it was to replace, and leaves no bytes of its own`, async () => {
      const before = await storedObjects(target());
      const head = request(`PUT ${path()}`, [["Content-Length", "100000"]], "x".repeat(70_000));

      const { answers } = await talk(target().port, [head], { halfClose: true, untilClose: true });

      expect(answers.filter(({ status }) => status < 400)).toEqual([]);
      const isAsBefore = async () => Bun.deepEquals(await storedObjects(target()), before);
      await waitFor("the end of what had arrived", isAsBefore);
    });
  }
});
