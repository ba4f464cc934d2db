// What to type so that clients trust the CA of a server. Pure.

/** A CA, and the server that it signs for. */
export interface TrustFacts {
  /** As clients write it before a repository's name: `nas.lan:5000`. */
  readonly host: string;
  /** As PEM. */
  readonly certificate: string;
  /** SHA-256, in hexadecimal with colons. */
  readonly fingerprint: string;
  /** `2046-11-16`. */
  readonly validUntil: string;
  /** Where the certificate was found, for a sentence. */
  readonly source: string;
  /** What is to be known before; null for nothing. */
  readonly warning: string | null;
}

const file = "breadbox-ca.crt";

/** @returns the whole text, ready to be followed from top to bottom. */
export function trustText(facts: TrustFacts): string {
  const { host, certificate, fingerprint, validUntil, source, warning } = facts;
  const parts = [
    `CA of ${host}, from ${source}, valid until ${validUntil}.`,
    `SHA-256 fingerprint: ${fingerprint}`,
    ...(warning === null ? [] : ["", warning]),
    "",
    `1. On the machine of the client, save the certificate as ${file}:`,
    "",
    `cat > ${file} <<'EOF'`,
    certificate.trim(),
    "EOF",
    "",
    "2. Then, for each client that you use there:",
    ...clients(host).flatMap(({ name, note, lines }) => ["", `# ${name}: ${note}`, ...lines]),
  ];
  return parts.join("\n");
}

interface ClientSteps {
  readonly name: string;
  readonly note: string;
  readonly lines: readonly string[];
}

function clients(host: string): readonly ClientSteps[] {
  const install = (target: string) => `sudo install -D -m 644 ${file} "${target}"`;
  const write = (target: string, lines: readonly string[]) => [
    `sudo tee "${target}" >/dev/null <<'EOF'`,
    ...lines,
    "EOF",
  ];
  const containerd = `/etc/containerd/certs.d/${host}`;
  const machine = [
    install(`/usr/local/share/ca-certificates/${file}`),
    "sudo update-ca-certificates",
  ];
  return [
    {
      name: "Docker",
      note: "needs no restart",
      lines: [install(`/etc/docker/certs.d/${host}/ca.crt`)],
    },
    {
      name: "Podman, Buildah, Skopeo",
      note: "need no restart",
      lines: [install(`/etc/containers/certs.d/${host}/ca.crt`)],
    },
    {
      name: "containerd",
      note: 'needs config_path = "/etc/containerd/certs.d" in the registry section of /etc/containerd/config.toml, and no restart after that',
      lines: [
        install(`${containerd}/ca.crt`),
        ...write(`${containerd}/hosts.toml`, [
          `server = "https://${host}"`,
          "",
          `[host."https://${host}"]`,
          '  capabilities = ["pull", "resolve", "push"]',
          `  ca = "${containerd}/ca.crt"`,
        ]),
      ],
    },
    {
      name: "k3s",
      note: "if /etc/rancher/k3s/registries.yaml exists, add the entry below configs by hand; on agents restart k3s-agent",
      lines: [
        install(`/etc/rancher/k3s/${file}`),
        ...write("/etc/rancher/k3s/registries.yaml", [
          "configs:",
          `  "${host}":`,
          "    tls:",
          `      ca_file: /etc/rancher/k3s/${file}`,
        ]),
        "sudo systemctl restart k3s",
      ],
    },
    {
      name: "BuildKit",
      note: "a new builder; the default one of Docker uses Docker's certificates, and a buildkitd without Docker reads /etc/buildkit/buildkitd.toml. The CAs of the machine are for the client, which logs in for its builder",
      lines: [
        ...machine,
        install(`/etc/buildkit/${file}`),
        "cat > buildkitd.toml <<'EOF'",
        `[registry."${host}"]`,
        `  ca = ["/etc/buildkit/${file}"]`,
        "EOF",
        "docker buildx create --use --config buildkitd.toml",
      ],
    },
    {
      name: "curl, Helm, ORAS, crane, regctl and all other programs",
      note: "the CAs of the machine; on Fedora and RHEL the folder is /etc/pki/ca-trust/source/anchors and the command update-ca-trust",
      lines: machine,
    },
  ];
}
