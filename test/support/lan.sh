#!/bin/sh
# Makes a network with one machine in it, nas.lan or registry.example.com, and a copy of /etc and of the machine's own CAs, so that clients may be told to trust and
# to log in. To be run in namespaces of its own (unshare --net --mount), in the folder that holds the copies. Prints `ready` and stays.
set -eu
ip link set lo up
# None of loopback's addresses: Docker does not check those at all.
ip addr add 198.51.100.7/32 dev lo
cp -a /etc etc
rm -rf etc/docker etc/containerd etc/containers/certs.d etc/rancher etc/buildkit
echo '198.51.100.7 nas.lan registry.example.com' >>etc/hosts
mkdir share
mount --bind "$PWD/share" /usr/local/share
mount --bind "$PWD/etc" /etc
# Commands that are printed for people begin with sudo; there is no systemd here, so its orders are written down.
mkdir bin
printf '#!/bin/sh\nexec "$@"\n' >bin/sudo
printf '#!/bin/sh\necho "$*" >>%s\n' "$PWD/systemctl.log" >bin/systemctl
# Nor is there buildx: a test starts the builder that it would start.
printf '#!/bin/sh\ntest "$*" = "buildx create --use --config buildkitd.toml"\n' >bin/docker
chmod +x bin/*
echo ready
exec sleep infinity
