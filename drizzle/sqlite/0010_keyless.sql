CREATE TABLE `push_history` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`repository` text NOT NULL,
	`digest` text NOT NULL,
	`tag` text NOT NULL,
	`pushed_at` integer NOT NULL,
	`pushed_by` text,
	`origin_issuer` text,
	`origin_repository` text,
	`origin_ref` text,
	`origin_commit` text,
	`origin_run` text,
	`origin_actor` text,
	FOREIGN KEY (`repository`,`digest`) REFERENCES `manifests`(`repository`,`digest`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `push_history_by_tag` ON `push_history` (`repository`,`tag`,`id`);--> statement-breakpoint
CREATE INDEX `push_history_by_digest` ON `push_history` (`repository`,`digest`,`id`);--> statement-breakpoint
CREATE TABLE `trust_rules` (
	`name` text PRIMARY KEY NOT NULL,
	`stamp` text NOT NULL,
	`kind` text NOT NULL,
	`issuer` text NOT NULL,
	`demands` text NOT NULL,
	`bound_claim` text,
	`bound_value` text,
	`allows_pull_requests` integer NOT NULL,
	`ca` text,
	`created_at` integer NOT NULL,
	`last_used_at` integer
);
--> statement-breakpoint
CREATE INDEX `trust_rules_by_issuer` ON `trust_rules` (`issuer`);