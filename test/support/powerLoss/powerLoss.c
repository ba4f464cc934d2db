// A file system that forgets what was not synced: mounts a backing folder through FUSE, and on SIGUSR1 (or after a given
// number of operations) the power fails: every call answers EIO from then on, and after the unmount the backing folder
// holds what a disk would hold.
//
// What is modelled, following POSIX's weakest promise:
// - Bytes, and a file's length, survive when fsync or fdatasync of that file returned after they were written.
// - Names (create, mkdir, rename, link, unlink, rmdir) survive when fsync of a folder concerned returned afterwards. Syncing
//   a new file does not keep its name; syncing a folder keeps neither its own name nor the bytes of its files.
// - Of the rest a given share survives, chosen at random: single sectors of 512 bytes, lengths, single operations, in no
//   order between different files. So a file may be longer than its bytes (zeros), torn, or back after its removal.
// What is stronger than POSIX: a sector is written whole; one operation on names (a rename above all) survives whole or not;
// operations on the same file or folder keep their order; modes and owners survive at once. Every journalling file system does so.
// On SIGUSR2 syncs of one kind begin to fail with EIO, if there is such a kind: what such a sync was to keep never survives, also
// if a later one succeeds, as Linux has it.
// On SIGHUP it stops answering reads of stored content, for ever: whoever asked waits until the unmount.
// Not modelled: disks that lie about flushes, symbolic links, extended attributes.
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "calls.h"
#include "volume.h"

struct power power = {.ignored = "", .failing = ""};
static unsigned long cut_after;  // operations; 0: never by itself
static bool cut_at_sync;         // not before the first sync after that
static unsigned sync_time;       // microseconds
static volatile sig_atomic_t cut_wanted;

static void want_cut(int number) {
  (void)number;
  cut_wanted = 1;
}

static void fail_syncs(int number) {
  (void)number;
  power.syncs_fail = 1;
}

static void hold_reads(int number) {
  (void)number;
  power.holds_reads = 1;
}

static void cut(void) {
  power.off = true;
  volume_cut();
  printf("the power failed after %lu operations\n", power.operations);
  fflush(stdout);
}

bool refused(fuse_req_t req) {
  if (!power.off && cut_wanted) cut();
  if (power.off) fuse_reply_err(req, EIO);
  return power.off;
}

static bool refused_when_due(fuse_req_t req, bool sync) {
  bool due = cut_after != 0 && power.operations >= cut_after;
  if (!power.off && due && (sync || !cut_at_sync)) cut();
  if (refused(req)) return true;
  power.operations++;
  return false;
}

bool refused_change(fuse_req_t req) { return refused_when_due(req, false); }

bool refused_sync(fuse_req_t req) {
  usleep(sync_time);
  return refused_when_due(req, true);
}

static void read_options(int count, char **words, struct volume_options *options) {
  for (int i = 3; i + 1 < count; i += 2) {
    if (strcmp(words[i], "--seed") == 0) options->seed = strtoul(words[i + 1], NULL, 10);
    else if (strcmp(words[i], "--keep") == 0) options->keep_percent = (unsigned)strtoul(words[i + 1], NULL, 10);
    else if (strcmp(words[i], "--cut-after") == 0) cut_after = strtoul(words[i + 1], NULL, 10);
    else if (strcmp(words[i], "--cut-at-sync-after") == 0) cut_after = strtoul(words[i + 1], NULL, 10), cut_at_sync = true;
    else if (strcmp(words[i], "--sync-time") == 0) sync_time = (unsigned)strtoul(words[i + 1], NULL, 10);
    else if (strcmp(words[i], "--ignore") == 0) power.ignored = words[i + 1];
    else if (strcmp(words[i], "--fail") == 0) power.failing = words[i + 1];
    else if (strcmp(words[i], "--direct") == 0) power.refuses_direct = strcmp(words[i + 1], "no") == 0;
    else errx(2, "unknown option %s", words[i]);
  }
}

int main(int count, char **words) {
  struct volume_options options = {.seed = 1};
  if (count < 3) errx(2, "usage: powerLoss BACKING MOUNTPOINT [--seed N] [--keep PERCENT] [--cut-after N | --cut-at-sync-after N] [--sync-time MICROSECONDS] [--ignore KIND] [--fail KIND] [--direct yes|no]; KIND is wal, data, parts, whole or folders");
  options.backing = words[1];
  read_options(count, words, &options);
  volume_load(&options);

  struct fuse_args args = FUSE_ARGS_INIT(0, NULL);
  fuse_opt_add_arg(&args, "powerLoss");
  fuse_opt_add_arg(&args, "-ofsname=powerLoss");
  struct fuse_session *session = fuse_session_new(&args, &calls, sizeof calls, NULL);
  if (session == NULL || fuse_set_signal_handlers(session) != 0) errx(1, "no session");
  signal(SIGUSR1, want_cut);
  signal(SIGUSR2, fail_syncs);
  signal(SIGHUP, hold_reads);
  if (fuse_session_mount(session, words[2]) != 0) errx(1, "cannot mount");
  printf("mounted\n");
  fflush(stdout);
  fuse_session_loop(session);
  fuse_session_unmount(session);
  fuse_session_destroy(session);
  fuse_opt_free_args(&args);
  if (!power.off && cut_wanted) cut();
  volume_store(power.off);
  printf("stored after %lu operations, %lu of them direct\n", power.operations, power.direct_writes);
  return 0;
}
