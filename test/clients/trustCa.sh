#!/bin/sh
# Does what `breadbox trust-ca` prints, word by word, and looks whether clients trust the server then. To be run in network and mount
# namespaces of its own (unshare --net --mount): the server's address is none of loopback's, which Docker does not check at all, and /etc
# is a copy. Usage: trustCa.sh BREADBOX FOLDER. Prints one line a finding.
set -eu
binary=$1
folder=$2
host=nas.lan:5443
cd "$folder"

ip link set lo up
ip addr add 198.51.100.7/32 dev lo
mount --make-rprivate /
cp -a /etc etc
rm -rf etc/docker etc/containerd etc/containers/certs.d etc/rancher
echo '198.51.100.7 nas.lan' >>etc/hosts
mount --bind etc /etc
mkdir bin
printf '#!/bin/sh\nexec "$@"\n' >bin/sudo
chmod +x bin/sudo
export PATH="$folder/bin:$PATH"

pids=
clean() {
  for pid in $pids; do kill "$pid" 2>/dev/null || true; done
  wait || true
}
trap clean EXIT
started() {
  pids="$! $pids"
}
until_works() {
  left=150
  until "$@" >/dev/null 2>&1; do
    left=$((left - 1))
    [ "$left" -gt 0 ] || return 1
    sleep 0.2
  done
}
# finding NAME COMMAND: "NAME: trusted", "NAME: not trusted", or what else went wrong.
finding() {
  name=$1
  shift
  if output=$("$@" 2>&1); then
    echo "$name: trusted"
  elif echo "$output" | grep -q 'x509: certificate signed by unknown authority'; then
    echo "$name: not trusted"
  else
    echo "$name: $output"
  fi
}
# steps NAME: the commands printed below "# NAME…".
steps() {
  awk -v name="$1" 'index($0, "# ") == 1 { on = index($0, "# " name) == 1 } on' trust.txt
}

BREADBOX_AUTH_MODE=none BREADBOX_HTTP_TLS_HOSTS=nas.lan "$binary" serve --tls self-signed -d data -l 198.51.100.7:5443 >server.log 2>&1 &
started
until_works curl -skf "https://$host/readyz"

# As on another machine, and as on the server's own.
"$binary" trust-ca "$host" -d elsewhere >fetched.txt
"$binary" trust-ca "$host" -d data >trust.txt
grep -q 'nothing protects yet' fetched.txt && echo 'elsewhere: warned'
[ "$(grep SHA-256 fetched.txt)" = "$(grep SHA-256 trust.txt)" ] && echo 'elsewhere: same fingerprint'
awk '/^cat > breadbox-ca.crt/, /^EOF/' fetched.txt >save.sh
sh save.sh

export DOCKER_HOST="unix://$folder/docker.sock" DOCKER_CONFIG="$folder/client" DOCKER_BUILDKIT=0
mkdir client
echo '{}' >client/config.json
echo '{}' >daemon.json
dockerd --config-file="$folder/daemon.json" --data-root="$folder/root" --exec-root="$folder/exec" --pidfile="$folder/pid" \
  --host="$DOCKER_HOST" --bridge=none --iptables=false --ip-masq=false --storage-driver=vfs >dockerd.log 2>&1 &
started
until_works docker info
echo hello >hello
tar -cf layer.tar hello
image=$host/team/app:1
docker import layer.tar "$image" >/dev/null

finding 'docker before' docker push "$image"
finding 'skopeo before' skopeo inspect "docker://$image"
steps Docker >docker.sh
sh docker.sh
finding docker docker push "$image"
docker rmi "$image" >/dev/null
finding 'docker pull' docker pull "$image"

# Podman reads Docker's folder as well.
rm -rf /etc/docker/certs.d
finding 'podman before' podman --root "$folder/pr" --runroot "$folder/prr" --storage-driver vfs pull -q "$image"
steps Podman >podman.sh
sh podman.sh
finding skopeo skopeo inspect "docker://$image"
finding podman podman --root "$folder/pr" --runroot "$folder/prr" --storage-driver vfs pull -q "$image"

containerd --address "$folder/c.sock" --root "$folder/croot" --state "$folder/cstate" >containerd.log 2>&1 &
started
until_works ctr -a "$folder/c.sock" version
pull() { ctr -a "$folder/c.sock" images pull --hosts-dir /etc/containerd/certs.d --snapshotter native "$image"; }
finding 'containerd before' pull
steps containerd >containerd.sh
sh containerd.sh
finding containerd pull

# What the other two read: their syntax, and that it names a file which is there.
steps k3s | grep -v systemctl >k3s.sh
sh k3s.sh
sed -n 's/^ *ca_file: //p' /etc/rancher/k3s/registries.yaml | xargs cmp breadbox-ca.crt && echo 'k3s: file in place'
