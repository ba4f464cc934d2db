CREATE TABLE `finished_uploads` (
	`id` text PRIMARY KEY NOT NULL,
	`repository` text NOT NULL,
	`digest` text NOT NULL,
	`size` integer NOT NULL,
	`finished_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `finished_uploads_by_finished_at` ON `finished_uploads` (`finished_at`);--> statement-breakpoint
CREATE TABLE `upload_chunks` (
	`session` text NOT NULL,
	`offset` integer NOT NULL,
	`digest` text NOT NULL,
	PRIMARY KEY(`session`, `offset`),
	FOREIGN KEY (`session`) REFERENCES `upload_sessions`(`id`) ON UPDATE no action ON DELETE cascade
);
