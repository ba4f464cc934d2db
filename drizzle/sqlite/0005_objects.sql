CREATE TABLE `buckets` (
	`id` integer PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`created_at` integer NOT NULL,
	`object_count` integer DEFAULT 0 NOT NULL,
	`object_bytes` integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `buckets_name_unique` ON `buckets` (`name`);--> statement-breakpoint
CREATE TABLE `completed_uploads` (
	`upload_id` text PRIMARY KEY NOT NULL,
	`bucket` text NOT NULL,
	`object_name` text NOT NULL,
	`parts` text NOT NULL,
	`digest` text NOT NULL,
	`size` integer NOT NULL,
	`content_type` text NOT NULL,
	`completed_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `completed_uploads_by_completed_at` ON `completed_uploads` (`completed_at`);--> statement-breakpoint
CREATE TABLE `multipart_parts` (
	`id` integer PRIMARY KEY NOT NULL,
	`upload_id` integer NOT NULL,
	`part_number` integer NOT NULL,
	`size_bytes` integer NOT NULL,
	`etag` text NOT NULL,
	`temp_path` text NOT NULL,
	`version` text NOT NULL,
	`created_at` integer NOT NULL,
	FOREIGN KEY (`upload_id`) REFERENCES `multipart_uploads`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `multipart_parts_by_number` ON `multipart_parts` (`upload_id`,`part_number`);--> statement-breakpoint
CREATE INDEX `idx_multipart_parts_upload_id` ON `multipart_parts` (`upload_id`);--> statement-breakpoint
CREATE TABLE `multipart_uploads` (
	`id` integer PRIMARY KEY NOT NULL,
	`upload_id` text NOT NULL,
	`bucket_id` integer NOT NULL,
	`object_name` text NOT NULL,
	`state` text NOT NULL,
	`expires_at` integer NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	`content_type` text NOT NULL,
	`claim_owner` text,
	`claim_until` integer DEFAULT 0 NOT NULL,
	`part_count` integer DEFAULT 0 NOT NULL,
	`staged_bytes` integer DEFAULT 0 NOT NULL,
	`whole` integer DEFAULT 0 NOT NULL,
	FOREIGN KEY (`bucket_id`) REFERENCES `buckets`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `multipart_uploads_upload_id_unique` ON `multipart_uploads` (`upload_id`);--> statement-breakpoint
CREATE INDEX `idx_multipart_uploads_expires_at` ON `multipart_uploads` (`expires_at`);--> statement-breakpoint
CREATE INDEX `multipart_uploads_by_bucket` ON `multipart_uploads` (`bucket_id`,`upload_id`);--> statement-breakpoint
CREATE TABLE `objects` (
	`bucket_id` integer NOT NULL,
	`name` text NOT NULL,
	`digest` text NOT NULL,
	`size` integer NOT NULL,
	`content_type` text NOT NULL,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`bucket_id`, `name`),
	FOREIGN KEY (`bucket_id`) REFERENCES `buckets`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`digest`) REFERENCES `contents`(`digest`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `objects_by_digest` ON `objects` (`digest`,`bucket_id`);