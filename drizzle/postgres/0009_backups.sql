CREATE TABLE "backup_runs" (
	"id" text COLLATE "C" PRIMARY KEY NOT NULL,
	"trigger" text COLLATE "C" NOT NULL,
	"target" text COLLATE "C" NOT NULL,
	"state" text COLLATE "C" NOT NULL,
	"started_at" bigint NOT NULL,
	"finished_at" bigint NOT NULL,
	"contents" bigint NOT NULL,
	"bytes" bigint NOT NULL,
	"added_bytes" bigint NOT NULL,
	"reason" text COLLATE "C"
);
--> statement-breakpoint
ALTER TABLE "store" ADD COLUMN "generation" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "store" ADD COLUMN "restored_at" bigint;--> statement-breakpoint
CREATE INDEX "backup_runs_by_state" ON "backup_runs" USING btree ("state","finished_at");