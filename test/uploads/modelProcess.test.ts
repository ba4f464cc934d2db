// Upload sessions against the same model, over HTTP, with a server that is killed and started again on the way.
import { expect, test } from "bun:test";
import fc from "fast-check";
import { Scope } from "../support/scope.ts";
import { amountOf } from "../support/share.ts";
import { httpRequests, killed, restart } from "./model/actions.ts";
import { audit } from "./model/audit.ts";
import { ActionCommand } from "./model/command.ts";
import { KillCommand } from "./model/killCommand.ts";
import type { SessionsModel } from "./model/model.ts";
import { assertMatches } from "./model/run.ts";
import { type ServerRegistry, serverRegistry } from "./model/server.ts";

const seed = Number(process.env["BREADBOX_TEST_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const runs = amountOf("BREADBOX_MODEL_PROCESS_RUNS", { share: 80, whole: 600 });

const step: fc.Arbitrary<fc.AsyncCommand<SessionsModel, ServerRegistry>> = fc.oneof(
  { weight: 18, arbitrary: httpRequests.map((it) => new ActionCommand(it)) },
  { weight: 2, arbitrary: killed.map((it) => new KillCommand(it)) },
  { weight: 1, arbitrary: restart.map((it) => new ActionCommand(it)) },
);

test(`${runs} random sequences match the model on a server that is killed in between`, async () => {
  await using scope = new Scope();
  const real = await serverRegistry(scope);

  await assertMatches(real, step, { seed, runs });

  await real.sweepAll();
  expect((await audit(real.data)).wrong).toEqual([]);
}, 600_000);
