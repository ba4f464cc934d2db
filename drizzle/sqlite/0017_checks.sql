CREATE TABLE `checks` (
	`id` text PRIMARY KEY NOT NULL,
	`kind` text NOT NULL,
	`trigger` text NOT NULL,
	`full` integer NOT NULL,
	`repair` integer NOT NULL,
	`state` text NOT NULL,
	`started_at` integer NOT NULL,
	`finished_at` integer,
	`round` integer,
	`phase` text NOT NULL,
	`done` integer NOT NULL,
	`total` integer NOT NULL,
	`contents` integer NOT NULL,
	`bytes` integer NOT NULL,
	`kinds` text NOT NULL,
	`reason` text,
	`owner` text NOT NULL,
	`alive_until` integer NOT NULL,
	`findings` text NOT NULL
);
--> statement-breakpoint
ALTER TABLE `upload_sessions` ADD `started_by` text;--> statement-breakpoint
ALTER TABLE `multipart_uploads` ADD `started_by` text;