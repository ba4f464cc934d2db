CREATE TABLE `browser_sessions` (
	`hash` text PRIMARY KEY NOT NULL,
	`who` text NOT NULL,
	`stamp` text NOT NULL,
	`created_at` integer NOT NULL,
	`last_used_at` integer NOT NULL,
	`expires_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `browser_sessions_by_who` ON `browser_sessions` (`who`,`created_at`);--> statement-breakpoint
CREATE INDEX `browser_sessions_by_end` ON `browser_sessions` (`expires_at`);