// The FUSE calls, and the power switch that stands before all of them.
#ifndef CALLS_H
#define CALLS_H

#define FUSE_USE_VERSION 35
#include <fuse_lowlevel.h>
#include <signal.h>
#include <stdbool.h>

struct power {
  bool off;
  unsigned long operations;  // that changed the disk, or synced it
  unsigned long direct_writes;  // of these, past the page cache
  const char *ignored;       // a fault to find: syncs of this kind that do nothing
  const char *failing;       // syncs of this kind are answered with EIO once SIGUSR2 came
  volatile sig_atomic_t syncs_fail;
  volatile sig_atomic_t holds_reads;  // of stored content: never answered once SIGHUP came
  bool refuses_direct;       // no file may be opened past the page cache
};

extern struct power power;
extern const struct fuse_lowlevel_ops calls;

// Called first by everything. @returns true when the power is off; the request has been answered then.
bool refused(fuse_req_t req);
// The same for what changes the disk: such operations are counted, and the power can fail before any of them.
bool refused_change(fuse_req_t req);
// And for syncs, which take their time: others go on as if it had been done.
bool refused_sync(fuse_req_t req);

#endif
