CREATE TABLE `backup_runs` (
	`id` text PRIMARY KEY NOT NULL,
	`trigger` text NOT NULL,
	`target` text NOT NULL,
	`state` text NOT NULL,
	`started_at` integer NOT NULL,
	`finished_at` integer NOT NULL,
	`contents` integer NOT NULL,
	`bytes` integer NOT NULL,
	`added_bytes` integer NOT NULL,
	`reason` text
);
--> statement-breakpoint
CREATE INDEX `backup_runs_by_state` ON `backup_runs` (`state`,`finished_at`);--> statement-breakpoint
ALTER TABLE `store` ADD `generation` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `store` ADD `restored_at` integer;