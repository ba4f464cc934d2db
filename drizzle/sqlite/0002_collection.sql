CREATE TABLE `clock_anchor` (
	`id` integer PRIMARY KEY NOT NULL,
	`boot` text NOT NULL,
	`uptime` integer NOT NULL,
	`wall` integer NOT NULL,
	`distrust_until` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `gc_runs` (
	`id` text PRIMARY KEY NOT NULL,
	`trigger` text NOT NULL,
	`dry_run` integer NOT NULL,
	`state` text NOT NULL,
	`started_at` integer NOT NULL,
	`finished_at` integer,
	`total_blobs` integer NOT NULL,
	`referenced_blobs` integer NOT NULL,
	`orphaned_blobs` integer NOT NULL,
	`orphaned_bytes` integer NOT NULL,
	`deleted_blobs` integer NOT NULL,
	`deleted_bytes` integer NOT NULL,
	`deleted_manifests` integer NOT NULL,
	`deleted_links` integer NOT NULL,
	`reason` text
);
--> statement-breakpoint
CREATE INDEX `gc_runs_by_started_at` ON `gc_runs` (`started_at`);--> statement-breakpoint
CREATE TABLE `referrers` (
	`repository` text NOT NULL,
	`subject` text NOT NULL,
	`digest` text NOT NULL,
	`artifact_type` text,
	`annotations` text,
	PRIMARY KEY(`repository`, `subject`, `digest`),
	FOREIGN KEY (`repository`,`digest`) REFERENCES `manifests`(`repository`,`digest`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `referrers_by_type` ON `referrers` (`repository`,`subject`,`artifact_type`,`digest`);--> statement-breakpoint
CREATE INDEX `referrers_by_manifest` ON `referrers` (`repository`,`digest`);--> statement-breakpoint
CREATE TABLE `trash` (
	`locator` text PRIMARY KEY NOT NULL,
	`size` integer NOT NULL,
	`discarded_at` integer NOT NULL
);
--> statement-breakpoint
ALTER TABLE `contents` ADD `released_at` integer;--> statement-breakpoint
ALTER TABLE `contents` ADD `verified_at` integer;--> statement-breakpoint
ALTER TABLE `contents` ADD `damaged_at` integer;--> statement-breakpoint
ALTER TABLE `upload_sessions` ADD `algorithm` text DEFAULT 'sha256' NOT NULL;--> statement-breakpoint
-- Manifests that were pushed before there was a list of referrers belong into it as well, with those annotations that are texts.
INSERT INTO `referrers` (`repository`, `subject`, `digest`, `artifact_type`, `annotations`)
SELECT `repository`, `subject`, `digest`, `artifact_type`,
	CASE WHEN json_valid(`text`) AND json_type(`text`, '$.annotations') = 'object' THEN
		(SELECT nullif(json_group_object(`key`, `value`), '{}') FROM json_each(`text`, '$.annotations') WHERE `type` = 'text')
	END
FROM (
	SELECT `repository`, `subject`, `digest`, `artifact_type`, ltrim(CAST(`body` AS TEXT), char(65279)) AS `text`
	FROM `manifests` WHERE `subject` IS NOT NULL
);
