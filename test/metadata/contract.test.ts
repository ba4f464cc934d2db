// The metadata port's promises, on SQLite.
import { metadataContract } from "../contract/metadata.ts";
import { Scope } from "../support/scope.ts";
import { openEmpty } from "./database.ts";

metadataContract("SQLite", async () => {
  const scope = new Scope();
  const { metadata } = await openEmpty(scope);
  return { metadata, remove: () => scope[Symbol.asyncDispose]() };
});
