// For drizzle-kit at development time: turns the SQLite schema into numbered migrations.
// bunx drizzle-kit generate --config drizzle/sqlite.config.ts --name <what changes>
import { defineConfig } from "drizzle-kit";

export default defineConfig({
  dialect: "sqlite",
  schema: [
    "./src/metadata/rows/schema.ts",
    "./src/metadata/rows/objectsSchema.ts",
    "./src/metadata/rows/accessSchema.ts",
    "./src/metadata/rows/auditSchema.ts",
    "./src/metadata/rows/tendingSchema.ts",
    "./src/metadata/rows/webhooksSchema.ts",
    "./src/metadata/rows/pullsSchema.ts",
  ],
  out: "./drizzle/sqlite",
});
