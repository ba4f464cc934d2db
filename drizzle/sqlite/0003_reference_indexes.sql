DROP INDEX `manifest_references_by_digest`;--> statement-breakpoint
CREATE INDEX `manifest_references_by_digest` ON `manifest_references` (`digest`,`repository`);--> statement-breakpoint
DROP INDEX `repository_contents_by_digest`;--> statement-breakpoint
CREATE INDEX `repository_contents_by_digest` ON `repository_contents` (`digest`,`repository`);