// The commands of `breadbox trust`: names, options and help.

import type { Command } from "commander";
import { collect, examples, type RunAction } from "./commandParts.ts";
import { addDataFlags, type Options } from "./settingFlags.ts";

const load = () => import("./trustRules.ts");

/** How one kind of issuer is named. */
interface Kind {
  readonly kind: "github" | "gitlab" | "forgejo" | "kubernetes" | "oidc";
  readonly place: string;
  readonly summary: string;
  readonly about: string;
  /** Of `--issuer`; null where the place is the issuer. */
  readonly issuer: string | null;
  /** Of `--id`; null where there is none. */
  readonly id: string | null;
  /** True where jobs have refs and pull requests. */
  readonly hasRefs: boolean;
  readonly examples: readonly [string, string];
}

const kinds: readonly Kind[] = [
  {
    kind: "github",
    place: "ORG/REPO",
    summary: "trust jobs of a GitHub repository",
    about:
      "Jobs of GitHub Actions, with `permissions: id-token: write`. Pull requests are refused.",
    issuer: "of GitHub Enterprise Server: https://HOST/_services/token",
    id: "its repository_id: gh api repos/ORG/REPO --jq .id",
    hasRefs: true,
    examples: [
      "breadbox trust github acme/app 'lab/**:pull,push' --ref refs/heads/main --id 123456",
      "breadbox trust github acme/app 'lab/app:pull,push,overwrite'",
    ],
  },
  {
    kind: "gitlab",
    place: "GROUP/PROJECT",
    summary: "trust jobs of a GitLab project",
    about:
      "Jobs of GitLab CI, with `id_tokens`. Merge requests, and refs that are not protected, are refused.",
    issuer: "URL of your own GitLab. Default: https://gitlab.com",
    id: "its project_id, which the front page of the project shows",
    hasRefs: true,
    examples: [
      "breadbox trust gitlab acme/app 'lab/**:pull,push' --id 1234",
      "breadbox trust gitlab acme/app 'lab/**:pull,push' --issuer https://gitlab.example",
    ],
  },
  {
    kind: "forgejo",
    place: "OWNER/REPO",
    summary: "trust jobs of a Forgejo repository",
    about:
      "Jobs of Forgejo Actions, with `enable-openid-connect: true`. Pull requests are refused. Forgejo has to name repository_id in its tokens.",
    issuer: "URL of the instance",
    id: "its repository_id: curl https://HOST/api/v1/repos/OWNER/REPO (id)",
    hasRefs: true,
    examples: [
      "breadbox trust forgejo acme/app 'lab/**:pull,push' --issuer https://forge.example",
      "breadbox trust forgejo acme/app 'lab/**:pull,push' --issuer https://forge.lan --ca ca.crt",
    ],
  },
  {
    kind: "kubernetes",
    place: "NAMESPACE/ACCOUNT",
    summary: "trust a service account of a cluster",
    about: "Pods with a projected token of a service account, and kubelets' credential providers.",
    issuer: "of the cluster: kubectl get --raw /.well-known/openid-configuration",
    id: "uid of the service account: without it, one of the same name that is made later is taken too",
    hasRefs: false,
    examples: [
      "breadbox trust kubernetes ci/builder 'lab/**:pull,push' --issuer https://k8s.example:6443",
      "breadbox trust kubernetes apps/default 'lab/**:pull' --issuer https://k8s.lan --ca ca.crt",
    ],
  },
  {
    kind: "oidc",
    place: "ISSUER",
    summary: "trust tokens of any issuer that have certain claims",
    about:
      "Any issuer with OpenID Connect Discovery. At least one claim has to say whose token it is.",
    issuer: null,
    id: null,
    hasRefs: false,
    examples: [
      "breadbox trust oidc https://id.example 'lab/**:pull' --claim sub=robot-7",
      "breadbox trust oidc https://agent.example 'lab/**:pull' --claim pipeline_id=9 --name agents",
    ],
  },
];

/** Adds `trust` to the program. */
export function addTrust(program: Command, run: RunAction): void {
  const trust = program
    .command("trust")
    .summary("let jobs in without a password")
    .description(
      "Trust rules let jobs of CI systems in by the ID tokens that their systems sign: no secret is stored anywhere. A rule is bound to the id of its repository, because a name can be given to another one.",
    )
    .addHelpText(
      "after",
      examples("breadbox trust github acme/app 'lab/**:pull,push'", "breadbox trust ls"),
    );
  for (const kind of kinds) addKind(trust, run, kind);
  addDataFlags(trust.command("ls"))
    .summary("list trust rules")
    .description("Lists trust rules: what tokens must say, and what they give.")
    .option("--json", "print JSON")
    .addHelpText("after", examples("breadbox trust ls", "breadbox trust ls --json"))
    .action(async (options: Options) => run((await load()).listTrust(options)));
  addDataFlags(trust.command("rm <NAME>"))
    .summary("remove a trust rule")
    .description("Removes a trust rule, and what it gives, at once.")
    .addHelpText(
      "after",
      examples("breadbox trust rm acme/app", "breadbox trust rm acme/app --data /srv/breadbox"),
    )
    .action(async (name: string, options: Options) =>
      run((await load()).removeTrust(name, options)),
    );
}

function addKind(trust: Command, run: RunAction, about: Kind): void {
  const { kind, place, issuer, id, hasRefs } = about;
  const command = addDataFlags(trust.command(`${kind} <${place}> <GRANT...>`))
    .summary(about.summary)
    .description(`${about.about} GRANT is PATTERN:ACTIONS, as in breadbox token create.`)
    .option("--name <NAME>", "of the rule: access rules are about workload:NAME");
  if (id !== null) command.option("--id <ID>", id);
  if (hasRefs) {
    command
      .option(
        "--ref <REF>",
        "only jobs of this ref, such as refs/heads/main or refs/tags/v*; may be repeated",
        collect,
      )
      .option(
        "--pull-requests",
        "let in jobs of pull requests, too: whoever may open one runs code in them",
      );
  }
  command.option("--claim <NAME=VALUE>", "only tokens with this claim; may be repeated", collect);
  if (issuer !== null) command.option("--issuer <URL>", issuer);
  command
    .option("--ca <FILE>", "CA certificates (PEM) of the issuer, where its CA is not a public one")
    .addHelpText("after", examples(...about.examples))
    .action(async (where: string, grants: readonly string[], options: Options) =>
      run((await load()).addTrust(kind, [where, grants], options)),
    );
}
