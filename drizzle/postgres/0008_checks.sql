CREATE TABLE "checks" (
	"id" text COLLATE "C" PRIMARY KEY NOT NULL,
	"kind" text COLLATE "C" NOT NULL,
	"trigger" text COLLATE "C" NOT NULL,
	"full" bigint NOT NULL,
	"repair" bigint NOT NULL,
	"state" text COLLATE "C" NOT NULL,
	"started_at" bigint NOT NULL,
	"finished_at" bigint,
	"round" bigint,
	"phase" text COLLATE "C" NOT NULL,
	"done" bigint NOT NULL,
	"total" bigint NOT NULL,
	"contents" bigint NOT NULL,
	"bytes" bigint NOT NULL,
	"kinds" text COLLATE "C" NOT NULL,
	"reason" text COLLATE "C",
	"owner" text COLLATE "C" NOT NULL,
	"alive_until" bigint NOT NULL,
	"findings" text COLLATE "C" NOT NULL
);
--> statement-breakpoint
ALTER TABLE "multipart_uploads" ADD COLUMN "started_by" text COLLATE "C";--> statement-breakpoint
ALTER TABLE "upload_sessions" ADD COLUMN "started_by" text COLLATE "C";