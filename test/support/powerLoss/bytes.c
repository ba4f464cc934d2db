// The bytes of files, each in two versions: objects/<n>.now is what calls see, objects/<n>.kept what survives.
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "volume.h"

enum { sector = 512 };

int object_open(node_id id, const char *version, int flags) {
  char path[PATH_MAX];
  snprintf(path, sizeof path, "%s/objects/%u.%s", volume.backing, id, version);
  int file = open(path, flags, 0600);
  if (file < 0) err(1, "%s", path);
  return file;
}

static void copy_range(int from, int to, off_t at, off_t end) {
  static char buffer[1 << 16];
  while (at < end) {
    size_t wanted = end - at < (off_t)sizeof buffer ? (size_t)(end - at) : sizeof buffer;
    ssize_t got = pread(from, buffer, wanted, at);
    if (got <= 0 || pwrite(to, buffer, (size_t)got, at) != got) err(1, "copy");
    at += got;
  }
}

// Before its first change a file exists once; from then on `kept` stays behind.
static int open_now(node_id id) {
  struct node *node = node_at(id);
  if (node->has_now) return object_open(id, "now", O_RDWR);
  int now = object_open(id, "now", O_RDWR | O_CREAT | O_TRUNC);
  int kept = object_open(id, "kept", O_RDONLY | O_CREAT);
  copy_range(kept, now, 0, node->size);
  close(kept);
  node->has_now = true;
  return now;
}

static void mark_unsynced(struct node *node, off_t at, off_t end) {
  size_t last = (size_t)((end + sector - 1) / sector);
  node->unsynced = grown(node->unsynced, &node->sectors, last, 1);
  for (size_t i = (size_t)(at / sector); i < last; i++) node->unsynced[i] = 1;
}

ssize_t file_read(node_id id, char *buffer, size_t size, off_t at) {
  int file = object_open(id, node_at(id)->has_now ? "now" : "kept", O_RDONLY | O_CREAT);
  ssize_t got = pread(file, buffer, size, at);
  int failure = errno;
  close(file);
  return got < 0 ? -failure : got;
}

ssize_t file_write(node_id id, const char *buffer, size_t size, off_t at) {
  int file = open_now(id);
  ssize_t written = pwrite(file, buffer, size, at);
  int failure = errno;
  close(file);
  if (written < 0) return -failure;
  struct node *node = node_at(id);
  mark_unsynced(node, at < node->size ? at : node->size, at + written);
  if (at + written > node->size) node->size = at + written;
  node_touch(node);
  return written;
}

int file_resize(node_id id, off_t size) {
  int file = open_now(id);
  int result = ftruncate(file, size) == 0 ? 0 : -errno;
  close(file);
  struct node *node = node_at(id);
  if (result != 0 || size == node->size) return result;
  mark_unsynced(node, size < node->size ? size : node->size, size < node->size ? node->size : size);
  node->size = size;
  node_touch(node);
  return 0;
}

// Brings sectors over for which `choose` says so, and leaves `kept` with `size` bytes.
static void keep_sectors(node_id id, bool (*choose)(void), off_t size) {
  struct node *node = node_at(id);
  int now = object_open(id, "now", O_RDONLY);
  int kept = object_open(id, "kept", O_RDWR | O_CREAT);
  for (size_t i = 0; i < node->sectors; i++) {
    off_t at = (off_t)i * sector;
    if (!node->unsynced[i] || at >= node->size || !choose()) continue;
    copy_range(now, kept, at, at + sector < node->size ? at + sector : node->size);
  }
  if (ftruncate(kept, size) != 0) err(1, "ftruncate");
  close(now);
  close(kept);
  node->kept_size = size;
}

static bool always(void) { return true; }

int file_sync(node_id id) {
  struct node *node = node_at(id);
  if (!node->has_now) return 0;
  keep_sectors(id, always, node->size);
  memset(node->unsynced, 0, node->sectors);
  return 0;
}

void file_forget(node_id id) {
  struct node *node = node_at(id);
  if (node->sectors > 0) memset(node->unsynced, 0, node->sectors);
}

void file_keep(node_id id, bool (*choose)(void)) {
  const struct node *node = node_at(id);
  // A length may arrive without its bytes, and bytes without their length.
  if (node->has_now) keep_sectors(id, choose, choose() ? node->size : node->kept_size);
}
