// The calls of the file system: each asks first whether there is still power.
#define _GNU_SOURCE  // O_DIRECT
#include "calls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "volume.h"

static struct stat status_of(node_id id) {
  const struct node *node = node_at(id);
  return (struct stat){
      .st_ino = id,
      .st_mode = node->mode,
      .st_nlink = S_ISDIR(node->mode) ? 2 : node->links,
      .st_uid = node->uid,
      .st_gid = node->gid,
      .st_size = node->size,
      .st_blksize = 4096,
      .st_blocks = (node->size + 511) / 512,
      .st_mtim = node->changed,
      .st_ctim = node->changed,
      .st_atim = node->changed,
  };
}

static struct fuse_entry_param entry_of(node_id id) {
  return (struct fuse_entry_param){.ino = id, .attr = status_of(id), .attr_timeout = 1, .entry_timeout = 1};
}

static void reply_entry(fuse_req_t req, node_id id) {
  struct fuse_entry_param entry = entry_of(id);
  fuse_reply_entry(req, &entry);
}

static node_id make(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode) {
  const struct fuse_ctx *context = fuse_req_ctx(req);
  node_id id = node_make(mode, context->uid, context->gid);
  name_set((node_id)parent, name, id);
  return id;
}

static node_id find(fuse_ino_t parent, const char *name) {
  return folder_find(&node_at((node_id)parent)->now, name);
}

static void on_lookup(fuse_req_t req, fuse_ino_t parent, const char *name) {
  if (refused(req)) return;
  node_id id = find(parent, name);
  if (id == 0) fuse_reply_err(req, ENOENT);
  else reply_entry(req, id);
}

static void on_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *info) {
  (void)info;
  if (refused(req)) return;
  struct stat status = status_of((node_id)ino);
  fuse_reply_attr(req, &status, 1);
}

static void on_setattr(fuse_req_t req, fuse_ino_t ino, struct stat *wanted, int which, struct fuse_file_info *info) {
  if (refused_change(req)) return;
  struct node *node = node_at((node_id)ino);
  if (which & FUSE_SET_ATTR_MODE) node->mode = wanted->st_mode;
  if (which & FUSE_SET_ATTR_UID) node->uid = wanted->st_uid;
  if (which & FUSE_SET_ATTR_GID) node->gid = wanted->st_gid;
  int failure = which & FUSE_SET_ATTR_SIZE ? file_resize((node_id)ino, wanted->st_size) : 0;
  if (which & FUSE_SET_ATTR_MTIME) node->changed = wanted->st_mtim;
  if (which & FUSE_SET_ATTR_MTIME_NOW) node_touch(node);
  (void)info;
  struct stat status = status_of((node_id)ino);
  if (failure != 0) fuse_reply_err(req, -failure);
  else fuse_reply_attr(req, &status, 1);
}

static void on_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode) {
  if (refused_change(req)) return;
  if (find(parent, name) != 0) fuse_reply_err(req, EEXIST);
  else reply_entry(req, make(req, parent, name, S_IFDIR | mode));
}

static void on_create(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, struct fuse_file_info *info) {
  if (refused_change(req)) return;
  if (find(parent, name) != 0) {
    fuse_reply_err(req, EEXIST);
    return;
  }
  struct fuse_entry_param entry = entry_of(make(req, parent, name, S_IFREG | mode));
  info->keep_cache = 1;
  fuse_reply_create(req, &entry, info);
}

static void on_unlink(fuse_req_t req, fuse_ino_t parent, const char *name) {
  if (refused_change(req)) return;
  node_id id = find(parent, name);
  if (id != 0) name_remove((node_id)parent, name);
  fuse_reply_err(req, id == 0 ? ENOENT : 0);
}

static void on_rmdir(fuse_req_t req, fuse_ino_t parent, const char *name) {
  if (refused_change(req)) return;
  node_id id = find(parent, name);
  int failure = id == 0 ? ENOENT : node_at(id)->now.count > 0 ? ENOTEMPTY : 0;
  if (failure == 0) name_remove((node_id)parent, name);
  fuse_reply_err(req, failure);
}

static void on_rename(fuse_req_t req, fuse_ino_t parent, const char *name, fuse_ino_t to, const char *new_name, unsigned flags) {
  if (refused_change(req)) return;
  node_id id = find(parent, name);
  node_id replaced = find(to, new_name);
  int failure = flags != 0                                            ? EINVAL
                : id == 0                                             ? ENOENT
                : replaced != 0 && node_at(replaced)->now.count > 0   ? ENOTEMPTY
                                                                      : 0;
  if (failure == 0 && replaced != id) name_move((node_id)parent, name, (node_id)to, new_name);
  fuse_reply_err(req, failure);
}

static void on_link(fuse_req_t req, fuse_ino_t ino, fuse_ino_t parent, const char *name) {
  if (refused_change(req)) return;
  if (find(parent, name) != 0) {
    fuse_reply_err(req, EEXIST);
    return;
  }
  name_set((node_id)parent, name, (node_id)ino);
  reply_entry(req, (node_id)ino);
}

static void on_symlink(fuse_req_t req, const char *target, fuse_ino_t parent, const char *name) {
  if (refused_change(req)) return;
  if (find(parent, name) != 0) {
    fuse_reply_err(req, EEXIST);
    return;
  }
  node_id id = make(req, parent, name, S_IFLNK | 0777);
  node_at(id)->target = strdup(target);
  reply_entry(req, id);
}

static void on_readlink(fuse_req_t req, fuse_ino_t ino) {
  if (!refused(req)) fuse_reply_readlink(req, node_at((node_id)ino)->target);
}

static void on_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *info) {
  (void)ino;
  if (refused(req)) return;
  if (power.refuses_direct && (info->flags & O_DIRECT) != 0) {
    fuse_reply_err(req, EINVAL);
    return;
  }
  info->keep_cache = 1;
  fuse_reply_open(req, info);
}

static void on_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *info) {
  (void)ino;
  (void)info;
  fuse_reply_err(req, 0);
}

static void on_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t at, struct fuse_file_info *info) {
  (void)info;
  if (refused(req)) return;
  // Stored content has a digest in its name: longer than any other.
  if (power.holds_reads && strlen(node_at((node_id)ino)->name) > 64) return;
  char *buffer = malloc(size);
  ssize_t got = file_read((node_id)ino, buffer, size, at);
  if (got < 0) fuse_reply_err(req, (int)-got);
  else fuse_reply_buf(req, buffer, (size_t)got);
  free(buffer);
}

static void on_write(fuse_req_t req, fuse_ino_t ino, const char *bytes, size_t size, off_t at, struct fuse_file_info *info) {
  if (refused_change(req)) return;
  if ((info->flags & O_DIRECT) != 0) power.direct_writes++;
  ssize_t written = file_write((node_id)ino, bytes, size, at);
  if (written < 0) fuse_reply_err(req, (int)-written);
  else fuse_reply_write(req, (size_t)written);
}

// By the last name that the file was given: what staged bytes, parts and assembled ones are called before they are published.
static bool is_of(const char *kind, node_id id) {
  const char *name = node_at(id)->name;
  size_t length = strlen(name);
  if (strcmp(kind, "wal") == 0) return length > 4 && strcmp(name + length - 4, "-wal") == 0;
  if (strcmp(kind, "parts") == 0) return strncmp(name, "part-", 5) == 0;
  return (strcmp(kind, "data") == 0 || strcmp(kind, "whole") == 0) && strcmp(name, kind) == 0;
}

static void on_fsync(fuse_req_t req, fuse_ino_t ino, int only_data, struct fuse_file_info *info) {
  (void)only_data;
  (void)info;
  if (refused_sync(req)) return;
  node_id id = (node_id)ino;
  bool fails = power.syncs_fail && is_of(power.failing, id);
  if (fails) file_forget(id);
  fuse_reply_err(req, fails ? EIO : is_of(power.ignored, id) ? 0 : -file_sync(id));
}

static void on_fsyncdir(fuse_req_t req, fuse_ino_t ino, int only_data, struct fuse_file_info *info) {
  (void)only_data;
  (void)info;
  if (refused_sync(req)) return;
  bool fails = power.syncs_fail && strcmp(power.failing, "folders") == 0;
  if (!fails && strcmp(power.ignored, "folders") != 0) folder_sync((node_id)ino);
  fuse_reply_err(req, fails ? EIO : 0);
}

// The list as it was when the folder was opened: offsets stay right while entries come and go.
struct listing {
  size_t count;
  struct entry entries[];
};

static void on_opendir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *info) {
  if (refused(req)) return;
  const struct folder *folder = &node_at((node_id)ino)->now;
  struct listing *listing = malloc(sizeof *listing + folder->count * sizeof *folder->entries);
  listing->count = folder->count;
  if (folder->count > 0) memcpy(listing->entries, folder->entries, folder->count * sizeof *folder->entries);
  info->fh = (uint64_t)(uintptr_t)listing;
  fuse_reply_open(req, info);
}

static void on_releasedir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *info) {
  (void)ino;
  free((void *)(uintptr_t)info->fh);
  fuse_reply_err(req, 0);
}

static void on_readdir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t at, struct fuse_file_info *info) {
  if (refused(req)) return;
  const struct listing *listing = (const struct listing *)(uintptr_t)info->fh;
  char *buffer = malloc(size);
  size_t used = 0;
  for (size_t i = (size_t)at; i < listing->count + 2; i++) {
    const char *name = i == 0 ? "." : i == 1 ? ".." : listing->entries[i - 2].name;
    struct stat status = status_of(i < 2 ? (node_id)ino : listing->entries[i - 2].node);
    size_t needed = fuse_add_direntry(req, buffer + used, size - used, name, &status, (off_t)i + 1);
    if (needed > size - used) break;
    used += needed;
  }
  fuse_reply_buf(req, buffer, used);
  free(buffer);
}

static void on_statfs(fuse_req_t req, fuse_ino_t ino) {
  (void)ino;
  if (refused(req)) return;
  struct statvfs status;
  if (statvfs(volume.backing, &status) != 0) fuse_reply_err(req, errno);
  else fuse_reply_statfs(req, &status);
}

const struct fuse_lowlevel_ops calls = {
    .lookup = on_lookup,   .getattr = on_getattr, .setattr = on_setattr,       .mkdir = on_mkdir,
    .create = on_create,   .unlink = on_unlink,   .rmdir = on_rmdir,           .rename = on_rename,
    .link = on_link,       .open = on_open,       .release = on_release,       .read = on_read,
    .write = on_write,     .fsync = on_fsync,     .fsyncdir = on_fsyncdir,     .opendir = on_opendir,
    .readdir = on_readdir, .statfs = on_statfs,   .releasedir = on_releasedir,
    .symlink = on_symlink, .readlink = on_readlink,
};
