CREATE TABLE `access_rules` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`who` text NOT NULL,
	`effect` text NOT NULL,
	`pattern` text NOT NULL,
	`actions` text NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `access_rules_by_who` ON `access_rules` (`who`,`id`);--> statement-breakpoint
CREATE TABLE `access_state` (
	`id` integer PRIMARY KEY NOT NULL,
	`revision` integer NOT NULL,
	`closed_at` integer
);
--> statement-breakpoint
CREATE TABLE `access_tokens` (
	`name` text PRIMARY KEY NOT NULL,
	`hash` text NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer,
	`revoked_at` integer,
	`last_used_at` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `access_tokens_hash_unique` ON `access_tokens` (`hash`);--> statement-breakpoint
CREATE TABLE `signing_keys` (
	`id` text PRIMARY KEY NOT NULL,
	`jwk` text NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `users` (
	`name` text PRIMARY KEY NOT NULL,
	`password_hash` text NOT NULL,
	`is_admin` integer NOT NULL,
	`stamp` text NOT NULL,
	`disabled_at` integer,
	`created_at` integer NOT NULL
);
