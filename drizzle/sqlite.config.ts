// For drizzle-kit at development time: turns the SQLite schema into numbered migrations.
// bunx drizzle-kit generate --config drizzle/sqlite.config.ts --name <what changes>
import { defineConfig } from "drizzle-kit";

export default defineConfig({
  dialect: "sqlite",
  schema: ["./src/metadata/sqlite/schema.ts", "./src/metadata/sqlite/objectsSchema.ts"],
  out: "./drizzle/sqlite",
});
