// `npm run test:hostile:api`: half of the time without a login, half as an administrator.
import { number, readOptions, seed as seedOption } from "../../../.dev/options.ts";
import { Scope } from "../../support/scope.ts";
import { askApi } from "./api.ts";

const { values } = readOptions({
  name: "npm run test:hostile:api",
  about:
    "Sends the requests that schemathesis makes of /swagger/json: half of the time without a login, half as an administrator. Ends with 1 when anything was found.",
  options: { minutes: number("N", 10, "how long"), seed: seedOption },
});
const { seed } = values;
const seconds = values.minutes * 30;
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
