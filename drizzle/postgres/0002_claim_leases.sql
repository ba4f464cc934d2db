ALTER TABLE "multipart_uploads" ADD COLUMN "claim_until" bigint;--> statement-breakpoint
ALTER TABLE "upload_sessions" ADD COLUMN "claim_until" bigint;