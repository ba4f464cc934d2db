ALTER TABLE `repositories` ADD `pushing_since` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `repositories` ADD `pushing_until` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX `repositories_by_pushing_until` ON `repositories` (`pushing_until`);--> statement-breakpoint
CREATE INDEX `upload_sessions_by_repository` ON `upload_sessions` (`repository`,`started_at`);