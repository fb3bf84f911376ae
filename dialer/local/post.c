/* Checkpoints to an address elsewhere: each is posted once, in order, until the other side says it has it. */
#include "dialer/base/log.h"
#include "dialer/local/local.h"
#include "dialer/local/post_lib.h"
#include <cadencia/err.h>
#include <campaigns/evidence.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

enum { A_TURN = 50, SAY_EVERY = 30 };

static void sent_path(const struct config *config, char *out, size_t room) { snprintf(out, room, "%s/checkpoint.sent", config->state_dir); }

static uint64_t sent_read(const struct config *config) {
  char path[CONFIG_PATH_MAX + 32];
  uint64_t number = 0;
  sent_path(config, path, sizeof path);
  FILE *f = fopen(path, "re");
  if (f && fscanf(f, "%" SCNu64, &number) != 1) number = 0;
  if (f) fclose(f);
  return number;
}

/* Whole or not at all; said twice is better than never. */
static int sent_write(const struct config *config, uint64_t number) {
  char path[CONFIG_PATH_MAX + 32], beside[CONFIG_PATH_MAX + 40], text[24];
  sent_path(config, path, sizeof path);
  snprintf(beside, sizeof beside, "%s.new", path);
  int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600),
      n = snprintf(text, sizeof text, "%" PRIu64 "\n", number);
  bool good = fd >= 0 && write(fd, text, (size_t)n) == n && fsync(fd) == 0;
  if (fd >= 0) good = close(fd) == 0 && good;
  return good && rename(beside, path) == 0 ? CAD_OK : CAD_EIO;
}

/* Loaded with the first checkpoint that is to go out; stays to the end. */
static post_one_fn *post_one(char why[POST_WHY_BYTES]) {
  static post_one_fn *loaded; /* the courier's thread alone calls this */
  if (loaded) return loaded;
  void *module = dlopen(POST_MODULE, RTLD_NOW | RTLD_LOCAL);
  *(void **)&loaded = module ? dlsym(module, POST_SYMBOL) : NULL;
  if (!loaded) snprintf(why, POST_WHY_BYTES, "%.200s; build or install Cadencia again, whole", dlerror());
  return loaded;
}

int local_post(const struct config *config) {
  static unsigned failures; /* the courier's thread alone calls this */
  char path[CONFIG_PATH_MAX + 16], text[EVIDENCE_TEXT_BYTES], why[POST_WHY_BYTES] = "";
  uint64_t number = 0;
  int posted = 0, r = CAD_OK;
  if (!config->checkpoint_url[0]) return 0;
  snprintf(path, sizeof path, "%s/cadencia.db", config->state_dir);
  for (uint64_t after = sent_read(config); r >= 0 && posted < A_TURN; after = number) {
    if (evidence_next(path, after, &number, text) < 0) break;
    post_one_fn *post = post_one(why);
    if ((r = post ? post(config->checkpoint_url, number, text, why) : CAD_EIO) < 0) break;
    r = sent_write(config, number);
    posted++;
  }
  if (r >= 0)
    failures = 0;
  else if (failures++ % SAY_EVERY == 0)
    log_warn("evidence", "checkpoint %" PRIu64 " is not taken by %s: %s; tried again every few seconds", number, config->checkpoint_url,
             why);
  return r < 0 ? r : posted;
}
