// Files, folders and their names, and the operations on names that no sync has covered yet.
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "volume.h"

static struct node *nodes;
static size_t node_count = 1, node_room;

void *grown(void *array, size_t *room, size_t needed, size_t each) {
  if (needed <= *room) return array;
  size_t more = needed * 2;
  array = realloc(array, more * each);
  if (array == NULL) err(1, "realloc");
  memset((char *)array + *room * each, 0, (more - *room) * each);
  *room = more;
  return array;
}

size_t node_total(void) { return node_count; }

struct node *node_at(node_id id) { return &nodes[id]; }

void node_touch(struct node *node) { clock_gettime(CLOCK_REALTIME, &node->changed); }

node_id node_make(mode_t mode, uid_t uid, gid_t gid) {
  nodes = grown(nodes, &node_room, node_count + 1, sizeof *nodes);
  struct node *node = &nodes[node_count];
  *node = (struct node){.mode = mode, .uid = uid, .gid = gid};
  node_touch(node);
  return (node_id)node_count++;
}

node_id folder_find(const struct folder *folder, const char *name) {
  for (size_t i = 0; i < folder->count; i++)
    if (strcmp(folder->entries[i].name, name) == 0) return folder->entries[i].node;
  return 0;
}

void folder_put(struct folder *folder, const char *name, node_id node) {
  size_t at = 0;
  while (at < folder->count && strcmp(folder->entries[at].name, name) != 0) at++;
  if (node == 0) {
    if (at < folder->count) folder->entries[at] = folder->entries[--folder->count];
    return;
  }
  if (at == folder->count) {
    folder->entries = grown(folder->entries, &folder->room, ++folder->count, sizeof *folder->entries);
    snprintf(folder->entries[at].name, sizeof folder->entries[at].name, "%s", name);
  }
  folder->entries[at].node = node;
}

struct change {
  node_id folder;
  char name[256];
  node_id node;  // 0: the name goes
};

// One call that changed names. It survives as a whole or not at all, as on every journalling file system.
struct operation {
  node_id subject;
  struct change changes[2];
  int count;
  bool chosen;
};

// Operations that no sync of a folder has covered yet, oldest first.
static struct operation *pending;
static size_t pending_count, pending_room;

static void record(node_id subject, const struct change *changes, int count) {
  pending = grown(pending, &pending_room, pending_count + 1, sizeof *pending);
  struct operation *operation = &pending[pending_count++];
  *operation = (struct operation){.subject = subject, .count = count};
  for (int i = 0; i < count; i++) {
    operation->changes[i] = changes[i];
    folder_put(&nodes[changes[i].folder].now, changes[i].name, changes[i].node);
    node_touch(&nodes[changes[i].folder]);
  }
}

static struct change change_of(node_id folder, const char *name, node_id node) {
  struct change change = {.folder = folder, .node = node};
  snprintf(change.name, sizeof change.name, "%s", name);
  return change;
}

static void rename_node(node_id id, const char *name) {
  snprintf(nodes[id].name, sizeof nodes[id].name, "%s", name);
}

void name_set(node_id folder, const char *name, node_id node) {
  struct change change = change_of(folder, name, node);
  nodes[node].links++;
  rename_node(node, name);
  record(node, &change, 1);
}

void name_remove(node_id folder, const char *name) {
  node_id node = folder_find(&nodes[folder].now, name);
  struct change change = change_of(folder, name, 0);
  nodes[node].links--;
  record(node, &change, 1);
}

void name_move(node_id from, const char *old_name, node_id to, const char *new_name) {
  node_id node = folder_find(&nodes[from].now, old_name);
  node_id replaced = folder_find(&nodes[to].now, new_name);
  struct change changes[] = {change_of(from, old_name, 0), change_of(to, new_name, node)};
  if (replaced != 0) nodes[replaced].links--;
  rename_node(node, new_name);
  record(node, changes, 2);
}

static bool concerns(const struct operation *operation, node_id folder) {
  for (int i = 0; i < operation->count; i++)
    if (operation->changes[i].folder == folder) return true;
  return false;
}

// A later operation on the same name has been kept: this one must not undo it.
static void forget_changes_before(size_t end, const struct change *kept) {
  for (size_t i = 0; i < end; i++)
    for (int j = 0; j < pending[i].count; j++) {
      struct change *earlier = &pending[i].changes[j];
      if (earlier->folder == kept->folder && strcmp(earlier->name, kept->name) == 0) earlier->folder = 0;
    }
}

// Keeps the chosen operations. What happened to one node happened in order: an operation brings along those before it.
static void keep_chosen(void) {
  for (size_t i = pending_count; i-- > 0;) {
    if (!pending[i].chosen) continue;
    for (size_t j = 0; j < i; j++)
      if (pending[j].subject == pending[i].subject) pending[j].chosen = true;
  }
  size_t left = 0;
  for (size_t i = 0; i < pending_count; i++) {
    struct operation operation = pending[i];
    if (!operation.chosen) {
      pending[left++] = operation;
      continue;
    }
    for (int j = 0; j < operation.count; j++) {
      struct change *change = &operation.changes[j];
      if (change->folder == 0) continue;
      folder_put(&nodes[change->folder].kept, change->name, change->node);
      forget_changes_before(left, change);
    }
  }
  pending_count = left;
}

void folder_sync(node_id folder) {
  for (size_t i = 0; i < pending_count; i++) pending[i].chosen = concerns(&pending[i], folder);
  keep_chosen();
}

void names_keep(bool (*choose)(void)) {
  for (size_t i = 0; i < pending_count; i++) pending[i].chosen = choose();
  keep_chosen();
}
