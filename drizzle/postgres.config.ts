// For drizzle-kit at development time: turns the schema, as Postgres has it, into numbered migrations.
// bunx drizzle-kit generate --config drizzle/postgres.config.ts --name <what changes>
import { defineConfig } from "drizzle-kit";

export default defineConfig({
  dialect: "postgresql",
  schema: "./drizzle/postgres.schema.ts",
  out: "./drizzle/postgres",
});
