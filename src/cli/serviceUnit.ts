// The systemd unit of a server, and the user that it runs as. Pure.

/** What a unit is made for. */
export interface ServicePlan {
  /** Absolute path of the executable. */
  readonly executable: string;
  /** Absolute path of the data directory. */
  readonly data: string;
  /** Options of `serve` besides `--data`, such as `--listen`, `:5000`. */
  readonly options: readonly string[];
  /** The server may take ports below 1024. */
  readonly hasLowPort: boolean;
}

/** Where the data is kept unless `--data` says otherwise: the directory that systemd makes for the unit. */
export const stateDirectory = "/var/lib/breadbox";

/** Name of the unit, of its user, and of the directory below /var/lib that systemd makes for both. */
export const serviceName = "breadbox";

/** Where the unit belongs. */
export const unitPath = `/etc/systemd/system/${serviceName}.service`;

/** Where systemd-sysusers looks for users to make. */
export const userPath = `/etc/sysusers.d/${serviceName}.conf`;

/** Makes the user (sysusers.d(5)). One that stays: a DynamicUser's data lies where commands cannot follow. */
export const userText = `u ${serviceName} - "Breadbox container registry" ${stateDirectory}\n`;

/** The unit (systemd.exec(5)). */
export function unitText({ executable, data, options, hasLowPort }: ServicePlan): string {
  const command = [executable, "serve", "--data", data, ...options].map(quoted).join(" ");
  const capability = hasLowPort ? "CAP_NET_BIND_SERVICE" : "";
  return `# Printed by: breadbox service print
# \`breadbox service install\` writes it to ${unitPath}, makes the user, and starts it.
# Settings: /etc/breadbox/breadbox.yml, or \`systemctl edit breadbox\` with Environment=BREADBOX_….
[Unit]
Description=Breadbox container registry
After=network-online.target
Wants=network-online.target

[Service]
Type=exec
ExecStart=${command}
User=${serviceName}
${data === stateDirectory ? `StateDirectory=${serviceName}\nStateDirectoryMode=0700` : `ReadWritePaths=${quoted(data)}`}
UMask=0077
Restart=on-failure
RestartSec=2
# Longer than http.shutdownGrace, so that running transfers can finish.
TimeoutStopSec=90
LimitNOFILE=65536

# What a registry never needs.
CapabilityBoundingSet=${capability}
AmbientCapabilities=${capability}
LockPersonality=yes
NoNewPrivileges=yes
PrivateDevices=yes
PrivateTmp=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHome=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
ProtectSystem=strict
RemoveIPC=yes
# Netlink tells the machine's addresses, for the certificate.
RestrictAddressFamilies=AF_INET AF_INET6 AF_NETLINK AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallErrorNumber=EPERM
SystemCallFilter=@system-service

[Install]
WantedBy=multi-user.target
`;
}

/** One word (systemd.service(5), "Command lines"; systemd.unit(5), "Specifiers"). */
function quoted(word: string): string {
  const text = word.replaceAll("%", "%%");
  return /\s/.test(text) ? `"${text}"` : text;
}

/** Folders that the unit hides from its program. */
const hidden = ["/home/", "/root/", "/run/user/", "/tmp/", "/var/tmp/"];
const isHidden = (path: string): boolean => hidden.some((folder) => `${path}/`.startsWith(folder));

/** Where the executable has to be: here, or where the unit does not hide it. @param path of the one that runs; "" for none. */
export const placeOf = (path: string): string =>
  path === "" || isHidden(path) ? `/usr/local/bin/${serviceName}` : path;

/** @returns why the unit would not work; null when it would. */
export function planObjection({ executable, data, options }: ServicePlan): string | null {
  const odd = [executable, data, ...options].find((word) => /["'\\$\p{Cc}]/u.test(word));
  if (odd !== undefined) return `systemd would read ${JSON.stringify(odd)} as something else.`;
  if (!data.startsWith("/")) return `--data ${data} must be a whole path, from / on.`;
  if (!isHidden(data)) return null;
  return `The unit hides ${data} from its program. Choose another directory, such as ${stateDirectory}.`;
}
