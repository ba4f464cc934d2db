CREATE TABLE "webhook_events" (
	"id" text COLLATE "C" PRIMARY KEY NOT NULL,
	"hook" text COLLATE "C" NOT NULL,
	"event" text COLLATE "C" NOT NULL,
	"resource" text COLLATE "C" NOT NULL,
	"at" bigint NOT NULL,
	"data" text COLLATE "C" NOT NULL,
	"attempts" bigint NOT NULL,
	"reason" text COLLATE "C",
	"since" bigint NOT NULL,
	"due_at" bigint,
	"ended_at" bigint
);
--> statement-breakpoint
CREATE INDEX "webhook_events_by_due" ON "webhook_events" USING btree ("hook","due_at","id");--> statement-breakpoint
CREATE INDEX "webhook_events_dead" ON "webhook_events" USING btree ("hook","id") WHERE ended_at IS NOT NULL;--> statement-breakpoint
CREATE INDEX "webhook_events_by_time" ON "webhook_events" USING btree ("since");