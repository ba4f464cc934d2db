ALTER TABLE `upload_sessions` ADD `claim_until` integer;--> statement-breakpoint
ALTER TABLE `multipart_uploads` ADD `claim_until` integer;