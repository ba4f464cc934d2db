// What the simulated disk holds, twice: as calls see it now, and as it would be found after the power has failed.
#ifndef VOLUME_H
#define VOLUME_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

// A file or folder; its number is its inode number. 1 is the top folder, 0 is none.
typedef uint32_t node_id;

struct entry {
  char name[256];
  node_id node;
};

struct folder {
  struct entry *entries;
  size_t count, room;
};

struct node {
  mode_t mode;
  uid_t uid;
  gid_t gid;
  struct timespec changed;
  unsigned links;
  char name[256];              // the last one it was given
  struct folder now, kept;     // of a folder
  char *target;                // of a symbolic link
  off_t size, kept_size;       // of a file
  bool has_now;                // a file has been changed: objects/<n>.now holds what calls see
  unsigned char *unsynced;     // of a file, one byte for each sector: changed since the last sync
  size_t sectors;
};

struct volume_options {
  const char *backing;         // folder that holds the tree between two mounts
  unsigned long seed;
  unsigned keep_percent;       // how much of what was not synced survives all the same
};

// Takes the tree over from the backing folder: all of it counts as synced.
void volume_load(const struct volume_options *options);
// Writes back what survived the power loss, or everything when there was none.
void volume_store(bool power_lost);
// Decides what of the unsynced data and names survives.
void volume_cut(void);

extern struct volume_options volume;

void *grown(void *array, size_t *room, size_t needed, size_t each);
size_t node_total(void);
struct node *node_at(node_id id);
node_id node_make(mode_t mode, uid_t uid, gid_t gid);
void node_touch(struct node *node);

node_id folder_find(const struct folder *folder, const char *name);
void folder_put(struct folder *folder, const char *name, node_id node);

// Changes of names: seen at once, kept when one of the folders concerned is synced.
void name_set(node_id folder, const char *name, node_id node);
void name_remove(node_id folder, const char *name);
void name_move(node_id from, const char *old_name, node_id to, const char *new_name);
void folder_sync(node_id folder);
// Keeps those operations on names, of all that no sync has covered, for which `choose` says so.
void names_keep(bool (*choose)(void));

// Bytes of files. All return a count or 0, or a negative errno.
ssize_t file_read(node_id id, char *buffer, size_t size, off_t at);
ssize_t file_write(node_id id, const char *buffer, size_t size, off_t at);
int file_resize(node_id id, off_t size);
int file_sync(node_id id);
// What has not been synced yet never survives, whatever is synced later.
void file_forget(node_id id);
// Keeps those unsynced sectors, and perhaps the length, for which `choose` says so.
void file_keep(node_id id, bool (*choose)(void));
// Opens one of the two versions, `now` or `kept`, in the folder `objects`.
int object_open(node_id id, const char *version, int flags);

#endif
