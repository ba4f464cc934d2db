ALTER TABLE `upload_sessions` DROP COLUMN `claim_until`;--> statement-breakpoint
ALTER TABLE `multipart_uploads` DROP COLUMN `claim_until`;