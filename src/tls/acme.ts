// A certificate of a public CA by ACME (RFC 8555), proved by HTTP-01 (8.3): the CA asks port 80 for a text that only the owner of an account
// can know. The library is loaded late: a start with a certificate in place needs none of it.
import type { AcmeAccount, AcmeAuthorization, AcmeOrder } from "@fishballpkg/acme";
import type { Pair } from "./authority.ts";
import { CertificateError } from "./material.ts";

/** What is asked of whom. */
export interface AcmeRequest {
  /** URL of the CA's directory. */
  readonly directory: string;
  /** For messages of the CA; "" for none. */
  readonly email: string;
  /** DNS names, at least one. */
  readonly hosts: readonly string[];
}

/** A text that is kept from one order to the next: the account's private key, as PEM. */
export interface KeptText {
  /** null when there is none. */
  read(): string | null;
  write(text: string): void;
}

/** Answers the CA on port 80. @param answers texts by token. @throws CertificateError when the port cannot be had. */
export type AnswerChallenges = (answers: ReadonlyMap<string, string>) => {
  stop(): Promise<void>;
};

const patience = { interval: 2_000, timeout: 120_000 };

/** Asks for a certificate. @throws CertificateError with what the CA objects to, or what else went wrong. */
export async function orderCertificate(
  request: AcmeRequest,
  key: KeptText,
  answerChallenges: AnswerChallenges,
): Promise<Pair> {
  const { CryptoKeyUtils } = await import("@fishballpkg/acme");
  const account = await openAccount(request, key);
  const order = await account.createOrder({ domains: [...request.hosts] });
  await prove(order, answerChallenges);
  const keys = await order.finalize();
  await order.pollStatus({ pollUntil: "valid", ...patience });
  const { privateKey } = await CryptoKeyUtils.exportKeyPairToPem(keys);
  return { certificate: await order.getCertificate(), key: privateKey };
}

/** The account of the last order, or a new one: another CA does not know it. */
async function openAccount({ directory, email }: AcmeRequest, key: KeptText): Promise<AcmeAccount> {
  const { AccountDoesNotExistError, AcmeClient, CryptoKeyUtils } = await import(
    "@fishballpkg/acme"
  );
  const client = await AcmeClient.init(directory);
  const kept = key.read();
  if (kept !== null) {
    try {
      const keyPair = await CryptoKeyUtils.importKeyPairFromPemPrivateKey(kept);
      return await client.login({ keyPair });
    } catch (error) {
      if (!(error instanceof AccountDoesNotExistError)) throw error;
    }
  }
  const account = await client.createAccount({ emails: email === "" ? [] : [email] });
  key.write((await CryptoKeyUtils.exportKeyPairToPem(account.keyPair)).privateKey);
  return account;
}

/** Shows the CA that this server has the names. */
async function prove(order: AcmeOrder, answerChallenges: AnswerChallenges): Promise<void> {
  const answers = new Map<string, string>();
  const challenges = order.authorizations.map((authorization) => {
    const challenge = authorization.findChallenge("http-01");
    if (challenge !== undefined) return { authorization, challenge };
    throw new CertificateError(`The CA does not take HTTP-01 for ${authorization.domain}.`);
  });
  for (const { challenge } of challenges) {
    const { name, content } = await challenge.getHttpResource();
    answers.set(name, content);
  }
  const listener = answerChallenges(answers);
  try {
    for (const { authorization, challenge } of challenges) {
      // One that was proved lately holds for some weeks.
      if ((await authorization.fetch()).status === "pending") await challenge.submit();
    }
    await order.pollStatus({ pollUntil: "ready", ...patience });
  } catch (error) {
    throw new CertificateError((await objectionsOf(order.authorizations)) || String(error));
  } finally {
    await listener.stop();
  }
}

/** What the CA saw, in its words; "" when it says nothing. */
async function objectionsOf(authorizations: readonly AcmeAuthorization[]): Promise<string> {
  const texts = await Promise.all(
    authorizations.map(async (authorization) => {
      const { challenges } = await authorization.fetch();
      const details = challenges.map((challenge) => detailOf(Object(challenge)["error"]));
      return details
        .filter((detail) => detail !== "")
        .map((it) => `${authorization.domain}: ${it}`);
    }),
  );
  return texts.flat().join("; ");
}

/** RFC 7807. */
function detailOf(problem: unknown): string {
  const { detail } = Object(problem);
  return typeof detail === "string" ? detail : "";
}
