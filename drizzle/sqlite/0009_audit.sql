CREATE TABLE `audit_entries` (
	`id` integer PRIMARY KEY NOT NULL,
	`at` integer NOT NULL,
	`event` text NOT NULL,
	`who` text,
	`address` text,
	`request_id` text,
	`resource` text,
	`detail` text,
	`digest` text,
	`previous` text,
	`times` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `audit_entries_by_time` ON `audit_entries` (`at`,`id`);--> statement-breakpoint
CREATE INDEX `audit_entries_by_who` ON `audit_entries` (`who`,`at`,`id`);--> statement-breakpoint
CREATE INDEX `audit_entries_by_resource` ON `audit_entries` (`resource`,`at`,`id`);