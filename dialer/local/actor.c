/* Who is at the other end of the socket; and the checkpoints that leave the box. */
#include "dialer/base/log.h"
#include "dialer/local/local.h"
#include <campaigns/evidence.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

void local_actor(uint32_t uid, const char *door, struct store_actor *out) {
  struct passwd entry, *found = NULL;
  char room[2048];
  *out = (struct store_actor){.uid = uid};
  snprintf(out->door, sizeof out->door, "%s", door);
  if (getpwuid_r(uid, &entry, room, sizeof room, &found) == 0 && found)
    snprintf(out->name, sizeof out->name, "%.31s", found->pw_name);
  else
    snprintf(out->name, sizeof out->name, "user %u", uid);
}

void local_drop(const struct config *config) {
  char path[CONFIG_PATH_MAX + 16], folder[CONFIG_PATH_MAX + 16];
  snprintf(path, sizeof path, "%s/cadencia.db", config->state_dir);
  if (config->checkpoint_dir[0])
    snprintf(folder, sizeof folder, "%s", config->checkpoint_dir);
  else
    snprintf(folder, sizeof folder, "%s/checkpoints", config->state_dir);
  char *why = NULL;
  size_t n = 0;
  FILE *err = open_memstream(&why, &n);
  int r = evidence_drop(path, folder, err);
  if (err) fclose(err);
  if (r < 0) log_warn("evidence", "%.*s", (int)strcspn(why ? why : "", "\n"), why ? why : "");
  free(why);
}
