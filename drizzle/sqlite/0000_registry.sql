CREATE TABLE `contents` (
	`digest` text PRIMARY KEY NOT NULL,
	`size` integer NOT NULL,
	`locator` text NOT NULL,
	`created_at` integer NOT NULL,
	`kept_until` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `locks` (
	`name` text PRIMARY KEY NOT NULL,
	`owner` text NOT NULL,
	`epoch` integer NOT NULL,
	`expires_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `manifest_references` (
	`repository` text NOT NULL,
	`manifest` text NOT NULL,
	`digest` text NOT NULL,
	`kind` text NOT NULL,
	`size` integer NOT NULL,
	`required` integer NOT NULL,
	PRIMARY KEY(`repository`, `manifest`, `digest`, `kind`),
	FOREIGN KEY (`repository`,`manifest`) REFERENCES `manifests`(`repository`,`digest`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `manifest_references_by_digest` ON `manifest_references` (`digest`);--> statement-breakpoint
CREATE TABLE `manifests` (
	`repository` text NOT NULL,
	`digest` text NOT NULL,
	`media_type` text NOT NULL,
	`artifact_type` text,
	`subject` text,
	`size` integer NOT NULL,
	`pushed_at` integer NOT NULL,
	`pushed_by` text,
	`body` blob NOT NULL,
	PRIMARY KEY(`repository`, `digest`),
	FOREIGN KEY (`repository`) REFERENCES `repositories`(`name`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE TABLE `repositories` (
	`name` text PRIMARY KEY NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `repository_contents` (
	`repository` text NOT NULL,
	`digest` text NOT NULL,
	`linked_at` integer NOT NULL,
	PRIMARY KEY(`repository`, `digest`),
	FOREIGN KEY (`repository`) REFERENCES `repositories`(`name`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`digest`) REFERENCES `contents`(`digest`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `repository_contents_by_digest` ON `repository_contents` (`digest`);--> statement-breakpoint
CREATE TABLE `store` (
	`id` text PRIMARY KEY NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `tags` (
	`repository` text NOT NULL,
	`name` text NOT NULL,
	`digest` text NOT NULL,
	`updated_at` integer NOT NULL,
	PRIMARY KEY(`repository`, `name`),
	FOREIGN KEY (`repository`,`digest`) REFERENCES `manifests`(`repository`,`digest`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `tags_by_manifest` ON `tags` (`repository`,`digest`);--> statement-breakpoint
CREATE TABLE `upload_sessions` (
	`id` text PRIMARY KEY NOT NULL,
	`repository` text NOT NULL,
	`offset` integer NOT NULL,
	`staging` text NOT NULL,
	`started_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	`claim_owner` text,
	`claim_until` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `upload_sessions_by_updated_at` ON `upload_sessions` (`updated_at`);