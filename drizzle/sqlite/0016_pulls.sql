CREATE TABLE `manifest_pulls` (
	`repository` text NOT NULL,
	`digest` text NOT NULL,
	`pulled_at` integer NOT NULL,
	PRIMARY KEY(`repository`, `digest`),
	FOREIGN KEY (`repository`,`digest`) REFERENCES `manifests`(`repository`,`digest`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE TABLE `repository_pulls` (
	`repository` text PRIMARY KEY NOT NULL,
	`pulled_at` integer NOT NULL,
	FOREIGN KEY (`repository`) REFERENCES `repositories`(`name`) ON UPDATE no action ON DELETE no action
);
