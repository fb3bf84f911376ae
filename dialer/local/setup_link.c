#include "dialer/local/setup_link.h"
#include <cadencia/err.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void path_of(const char *state_dir, char *out, size_t room) { snprintf(out, room, "%s/setup-code", state_dir); }

static bool code_read(const char *state_dir, char code[SETUP_CODE_MAX]) {
  char path[512];
  path_of(state_dir, path, sizeof path);
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  ssize_t n = fd >= 0 ? read(fd, code, SETUP_CODE_MAX - 1) : -1;
  if (fd >= 0) close(fd);
  if (n != SETUP_CODE_MAX - 1) return false;
  code[n] = 0;
  return true;
}

static int make(const char *state_dir, char code[SETUP_CODE_MAX]) {
  char path[512];
  if (code_read(state_dir, code)) return CAD_OK;
  if (token_make(code) < 0) return CAD_EIO;
  path_of(state_dir, path, sizeof path);
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  bool good = fd >= 0 && write(fd, code, SETUP_CODE_MAX - 1) == SETUP_CODE_MAX - 1;
  if (fd >= 0) close(fd);
  return good ? CAD_OK : CAD_EIO;
}

static int stop_at_first(void *arg, const struct user_def *def) {
  (void)def;
  *(bool *)arg = true;
  return CAD_EFULL;
}
static int job_has_users(struct store *s, void *arg) {
  (void)store_user_list(s, stop_at_first, arg);
  return CAD_OK;
}

bool setup_link_offer(struct store_worker *store, const char *state_dir, char code[SETUP_CODE_MAX]) {
  bool users = false;
  if (store_worker_run(store, job_has_users, &users, false) < 0) return false;
  if (users) setup_link_remove(state_dir);
  return !users && make(state_dir, code) == CAD_OK;
}

bool setup_link_good(const char *state_dir, const char *code) {
  char ours[SETUP_CODE_MAX] = "";
  return code_read(state_dir, ours) && token_same(code, ours);
}

void setup_link_remove(const char *state_dir) {
  char path[512];
  path_of(state_dir, path, sizeof path);
  (void)unlink(path);
}
