// `npm run test:hostile:api [-- --minutes N] [--seed S]`: half of the time without a login, half as an administrator.
import { parseArgs } from "node:util";
import { Scope } from "../../support/scope.ts";
import { askApi } from "./api.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "10" },
    seed: { type: "string", default: String(Math.floor(Math.random() * 2 ** 32)) },
  },
});
const { seed } = values;
const seconds = Number(values.minutes) * 30;
console.log(`BREADBOX_TEST_SEED=${seed}`);
await using scope = new Scope();
for (const login of [false, true]) {
  const { output, cases, problems, isRight } = await askApi(scope, { seed, seconds, login });
  console.log(isRight ? "" : output);
  for (const problem of problems) console.log(problem);
  const verdict = isRight ? "nothing found" : "FOUND SOMETHING";
  console.log(
    `${login ? "as an administrator" : "without a login"}: ${cases} requests, ${verdict}`,
  );
  if (!isRight) process.exitCode = 1;
}
