CREATE TABLE "browser_sessions" (
	"hash" text COLLATE "C" PRIMARY KEY NOT NULL,
	"who" text COLLATE "C" NOT NULL,
	"stamp" text COLLATE "C" NOT NULL,
	"created_at" bigint NOT NULL,
	"last_used_at" bigint NOT NULL,
	"expires_at" bigint NOT NULL
);
--> statement-breakpoint
CREATE INDEX "browser_sessions_by_who" ON "browser_sessions" USING btree ("who","created_at");--> statement-breakpoint
CREATE INDEX "browser_sessions_by_end" ON "browser_sessions" USING btree ("expires_at");