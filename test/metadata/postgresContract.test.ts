// The metadata port's promises, on PostgreSQL.
import { afterAll, beforeAll, describe } from "bun:test";
import { metadataContract } from "../contract/metadata.ts";
import { clientTest } from "../support/clientTest.ts";
import { postgresIsMissing, startPostgres } from "../support/postgres.ts";
import { Scope } from "../support/scope.ts";
import { openPostgresIn } from "./postgresDatabase.ts";

clientTest("PostgreSQL starts", { commands: [], reason: postgresIsMissing }, async (scope) => {
  await startPostgres(scope);
});

describe.if(postgresIsMissing() === null)("with a server", () => {
  const scope = new Scope();
  let database: Awaited<ReturnType<typeof openPostgresIn>> | null = null;
  beforeAll(async () => {
    database = await openPostgresIn(scope, await startPostgres(scope), "contract");
  }, 60_000);
  afterAll(() => scope.close());

  const open = async () => {
    if (database === null) throw new Error("the server did not start");
    const { metadata, empty } = database;
    const remove = async () => {
      await empty();
      // Others may have changed it, so it is asked for again half a second later.
      await metadata.access.confirmState();
    };
    return { metadata, remove };
  };
  metadataContract("PostgreSQL", open, 1_000);
});
