CREATE TABLE "manifest_pulls" (
	"repository" text COLLATE "C" NOT NULL,
	"digest" text COLLATE "C" NOT NULL,
	"pulled_at" bigint NOT NULL,
	CONSTRAINT "manifest_pulls_repository_digest_pk" PRIMARY KEY("repository","digest")
);
--> statement-breakpoint
CREATE TABLE "repository_pulls" (
	"repository" text COLLATE "C" PRIMARY KEY NOT NULL,
	"pulled_at" bigint NOT NULL
);
--> statement-breakpoint
ALTER TABLE "manifest_pulls" ADD CONSTRAINT "manifest_pulls_are_of_manifests" FOREIGN KEY ("repository","digest") REFERENCES "public"."manifests"("repository","digest") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "repository_pulls" ADD CONSTRAINT "repository_pulls_repository_repositories_name_fk" FOREIGN KEY ("repository") REFERENCES "public"."repositories"("name") ON DELETE no action ON UPDATE no action;