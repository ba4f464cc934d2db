CREATE TABLE `webhook_events` (
	`id` text PRIMARY KEY NOT NULL,
	`hook` text NOT NULL,
	`event` text NOT NULL,
	`resource` text NOT NULL,
	`at` integer NOT NULL,
	`data` text NOT NULL,
	`attempts` integer NOT NULL,
	`reason` text,
	`since` integer NOT NULL,
	`due_at` integer,
	`ended_at` integer
);
--> statement-breakpoint
CREATE INDEX `webhook_events_by_due` ON `webhook_events` (`hook`,`due_at`,`id`);--> statement-breakpoint
CREATE INDEX `webhook_events_dead` ON `webhook_events` (`hook`,`id`) WHERE ended_at IS NOT NULL;--> statement-breakpoint
CREATE INDEX `webhook_events_by_time` ON `webhook_events` (`since`);