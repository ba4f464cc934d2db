// A bounded share of test/hostile/api/run.ts.
import { expect } from "bun:test";
import { clientTest } from "../support/clientTest.ts";
import { pythonToolNeeds } from "../support/pythonTools.ts";
import { askApi, schemathesis } from "./api/api.ts";

const seed = process.env["BREADBOX_TEST_SEED"] ?? String(Math.floor(Math.random() * 2 ** 32));
const needs = pythonToolNeeds(schemathesis);

for (const [who, login] of [
  ["somebody without a login", false],
  ["an administrator", true],
] as const) {
  clientTest(
    `every answer that ${who} gets is one that /swagger/json describes`,
    needs,
    async (scope) => {
      console.log(`BREADBOX_TEST_SEED=${seed}`);

      const { output, cases, problems, isRight } = await askApi(scope, {
        seed,
        seconds: 30,
        login,
      });

      expect(problems).toEqual([]);
      if (!isRight) throw new Error(output);
      expect(cases).toBeGreaterThan(200);
    },
  );
}
