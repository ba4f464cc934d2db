CREATE TABLE `released_manifests` (
	`repository` text NOT NULL,
	`digest` text NOT NULL,
	`released_at` integer NOT NULL,
	PRIMARY KEY(`repository`, `digest`),
	FOREIGN KEY (`repository`,`digest`) REFERENCES `manifests`(`repository`,`digest`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
UPDATE `contents` SET `released_at` = NULL
WHERE `released_at` IS NOT NULL
	AND (EXISTS (SELECT 1 FROM `manifest_references` AS r WHERE r.`digest` = `contents`.`digest`)
		OR EXISTS (SELECT 1 FROM `objects` AS o WHERE o.`digest` = `contents`.`digest`));
