// Upload sessions against the same model, over two replicas: each request is sent to the next one.
import type fc from "fast-check";
import postgres from "postgres";
import { compareBucket } from "../gc/aftermath.ts";
import { startBreadbox } from "../support/binary.ts";
import { clientTest } from "../support/clientTest.ts";
import { versitygw } from "../support/goPrograms.ts";
import { goToolNeeds } from "../support/goTools.ts";
import { postgresIsMissing } from "../support/postgres.ts";
import { waitFor } from "../support/processes.ts";
import { startEngines } from "../support/replicated.ts";
import type { Scope } from "../support/scope.ts";
import { amountOf } from "../support/share.ts";
import { httpRequests } from "./model/actions.ts";
import { ActionCommand, type Registry } from "./model/command.ts";
import type { SessionsModel } from "./model/model.ts";
import { assertMatches } from "./model/run.ts";
import { askPatiently, requests } from "./model/server.ts";

const seed = Number(process.env["BREADBOX_TEST_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const runs = amountOf("BREADBOX_MODEL_REPLICAS_RUNS", { share: 40, whole: 300 });
const gateway = goToolNeeds(versitygw);
const needs = {
  commands: gateway.commands,
  reason: () => gateway.reason() ?? postgresIsMissing(),
  timeoutMs: 600_000,
};

const step: fc.Arbitrary<fc.AsyncCommand<SessionsModel, Registry>> = httpRequests.map(
  (it) => new ActionCommand(it),
);

interface Replicas extends Registry {
  /** What the bucket and the rows do not agree on. */
  differences(): Promise<readonly string[]>;
}

const nobody = () => Promise.reject(new Error("no step asks for this"));

async function openReplicas(scope: Scope): Promise<Replicas> {
  const { env, url, gateway } = await startEngines(scope);
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  scope.defer(() => sql.end({ timeout: 1 }));
  const first = await startBreadbox(scope, { env });
  const second = await startBreadbox(scope, { env });
  let turn = 0;
  const next = () => {
    turn += 1;
    return turn % 2 === 0 ? first : second;
  };
  const asks = requests(next, askPatiently);
  const stagedIds = async () =>
    (await sql<{ id: string }[]>`select id from upload_sessions`).map(({ id }) => id);
  return {
    ...asks,
    ...{ exact: false, stagedIds, restart: nobody, wait: nobody },
    reset: async () => {
      for (const id of await stagedIds()) await asks.cancel(id, false);
    },
    differences: () => compareBucket(gateway.bucket, async (query) => sql.unsafe(query).values()),
  };
}

clientTest(
  `${runs} random sequences over two replicas match the model, and nothing is left`,
  needs,
  async (scope) => {
    const real = await openReplicas(scope);

    await assertMatches(real, step, { seed, runs });

    await real.reset();
    // Some bytes are deleted after the answer that their end is part of.
    let differences: readonly string[] = [];
    const isLeft = async () => {
      differences = await real.differences();
      return differences.length > 0;
    };
    await waitFor("an empty bucket", async () => !(await isLeft()), {
      everyMs: 500,
      explain: () => differences.join("\n"),
    });
  },
);
