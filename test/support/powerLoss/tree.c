// What outlives the mount: the tree in the backing folder, taken over at the start and written back at the end.
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "volume.h"

struct volume_options volume;
static uint64_t random_state;

// xorshift64*: the same seed loses the same things.
static bool survives(void) {
  random_state ^= random_state >> 12;
  random_state ^= random_state << 25;
  random_state ^= random_state >> 27;
  return ((random_state * 0x2545f4914f6cdd1dULL) >> 33) % 100 < volume.keep_percent;
}

static bool always(void) { return true; }

void volume_cut(void) {
  names_keep(survives);
  for (node_id id = 1; id < node_total(); id++) file_keep(id, survives);
}

static node_id load_file(const char *path, const struct stat *found) {
  static struct { ino_t inode; node_id node; } *linked;
  static size_t linked_count, linked_room;
  for (size_t i = 0; i < linked_count; i++)
    if (linked[i].inode == found->st_ino) {
      if (unlink(path) != 0) err(1, "%s", path);
      return linked[i].node;
    }
  node_id id = node_make(found->st_mode, found->st_uid, found->st_gid);
  node_at(id)->size = node_at(id)->kept_size = found->st_size;
  node_at(id)->changed = found->st_mtim;
  if (found->st_nlink > 1) {
    linked = grown(linked, &linked_room, linked_count + 1, sizeof *linked);
    linked[linked_count].inode = found->st_ino;
    linked[linked_count++].node = id;
  }
  char object[PATH_MAX];
  snprintf(object, sizeof object, "%s/objects/%u.kept", volume.backing, id);
  if (rename(path, object) != 0) err(1, "%s", path);
  return id;
}

static node_id load_link(const char *path, const struct stat *found) {
  node_id id = node_make(found->st_mode, found->st_uid, found->st_gid);
  char target[PATH_MAX];
  ssize_t length = readlink(path, target, sizeof target - 1);
  if (length < 0 || unlink(path) != 0) err(1, "%s", path);
  node_at(id)->target = strndup(target, (size_t)length);
  return id;
}

static node_id load_folder(const char *path, const struct stat *found) {
  node_id id = node_make(found->st_mode, found->st_uid, found->st_gid);
  DIR *folder = opendir(path);
  if (folder == NULL) err(1, "%s", path);
  for (struct dirent *each; (each = readdir(folder)) != NULL;) {
    if (strcmp(each->d_name, ".") == 0 || strcmp(each->d_name, "..") == 0) continue;
    char below[PATH_MAX];
    struct stat status;
    if (snprintf(below, sizeof below, "%s/%s", path, each->d_name) >= (int)sizeof below) errx(1, "%s: too long", path);
    if (lstat(below, &status) != 0) err(1, "%s", below);
    node_id child = S_ISDIR(status.st_mode)   ? load_folder(below, &status)
                    : S_ISLNK(status.st_mode) ? load_link(below, &status)
                                              : load_file(below, &status);
    node_at(child)->links++;
    snprintf(node_at(child)->name, sizeof node_at(child)->name, "%s", each->d_name);
    folder_put(&node_at(id)->now, each->d_name, child);
    folder_put(&node_at(id)->kept, each->d_name, child);
  }
  closedir(folder);
  if (rmdir(path) != 0) err(1, "%s", path);
  return id;
}

void volume_load(const struct volume_options *given) {
  volume = *given;
  random_state = volume.seed * 0x9e3779b97f4a7c15ULL + 1;
  char path[PATH_MAX];
  snprintf(path, sizeof path, "%s/objects", volume.backing);
  if (mkdir(path, 0700) != 0 && errno != EEXIST) err(1, "%s", path);
  snprintf(path, sizeof path, "%s/tree", volume.backing);
  if (mkdir(path, 0755) != 0 && errno != EEXIST) err(1, "%s", path);
  struct stat found;
  if (lstat(path, &found) != 0) err(1, "%s", path);
  load_folder(path, &found);
}

static void store_file(node_id id, const char *path) {
  struct node *node = node_at(id);
  char object[PATH_MAX];
  snprintf(object, sizeof object, "%s/objects/%u.kept", volume.backing, id);
  int file = object_open(id, "kept", O_RDWR | O_CREAT);
  if (fchmod(file, node->mode & 07777) != 0) err(1, "%s", object);
  close(file);
  // Stays in objects too, for a second name.
  if (link(object, path) != 0) err(1, "%s", path);
}

static void store_folder(node_id id, const char *path) {
  if (mkdir(path, node_at(id)->mode & 07777) != 0) err(1, "%s", path);
  const struct folder *kept = &node_at(id)->kept;
  for (size_t i = 0; i < kept->count; i++) {
    char below[PATH_MAX];
    if (snprintf(below, sizeof below, "%s/%s", path, kept->entries[i].name) >= (int)sizeof below) errx(1, "%s: too long", path);
    node_id child = kept->entries[i].node;
    if (S_ISDIR(node_at(child)->mode)) store_folder(child, below);
    else if (node_at(child)->target == NULL) store_file(child, below);
    else if (symlink(node_at(child)->target, below) != 0) err(1, "%s", below);
  }
}

void volume_store(bool power_lost) {
  if (!power_lost) {
    names_keep(always);
    for (node_id id = 1; id < node_total(); id++) file_sync(id);
  }
  char path[PATH_MAX];
  snprintf(path, sizeof path, "%s/tree", volume.backing);
  store_folder(1, path);
  for (node_id id = 1; id < node_total(); id++)
    for (int version = 0; version < 2; version++) {
      snprintf(path, sizeof path, "%s/objects/%u.%s", volume.backing, id, version == 0 ? "now" : "kept");
      if (unlink(path) != 0 && errno != ENOENT) err(1, "%s", path);
    }
}
