/* cadencia backup, restore: the box as a whole. */
#include "dialer/local/command.h"
#include "dialer/local/local.h"
#include <cadencia/err.h>
#include <campaigns/backup.h>
#include <campaigns/evidence.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PASSWORD_LEAST = 8, PASSWORD_MOST = 256 };

static int read_password(struct command_call *c, char *out) {
  const char *path = call_option(c, OPT_PASSWORD_FILE);
  FILE *f = fopen(path, "re");
  char *got = f ? fgets(out, PASSWORD_MOST, f) : NULL;
  if (f) fclose(f);
  if (!got) return call_refuse(c, "%s cannot be read: %s", path, strerror(errno));
  out[strcspn(out, "\r\n")] = '\0';
  if (strlen(out) >= PASSWORD_LEAST) return EXIT_GOOD;
  return call_refuse(c, "the password in %s has less than %d characters", path, PASSWORD_LEAST);
}

static int run_backup(struct command_call *c, int (*fn)(const char *, const char *, const char *, struct backup_counts *, FILE *),
                      bool back) {
  char password[PASSWORD_MOST], *why = NULL;
  size_t n = 0;
  struct backup_counts counts = {0};
  const char *file = c->args->words[0], *folder = c->backend->config->state_dir;
  int status = read_password(c, password);
  if (status != EXIT_GOOD) return status;
  FILE *err = open_memstream(&why, &n);
  int r = back ? fn(file, folder, password, &counts, err) : fn(folder, file, password, &counts, err);
  explicit_bzero(password, sizeof password);
  if (err) fclose(err);
  if (n > 0 && why[n - 1] == '\n') why[n - 1] = '\0';
  if (r < 0)
    status = call_refuse(c, "%s", why && why[0] ? why : err_name(r));
  else if (call_json(c))
    call_put_json(c, json_pack("{s:s, s:I, s:I}", "file", file, "files", (json_int_t)counts.files, "bytes", (json_int_t)counts.bytes));
  else
    fprintf(c->out, "%s %s: %" PRIu64 " files, %" PRIu64 " bytes.\n", file, back ? "restored" : "written", counts.files, counts.bytes);
  free(why);
  return status;
}

int cmd_backup(struct command_call *c) {
  char db_path[CONFIG_PATH_MAX + 16];
  int lock = -1;
  if (call_database(c, db_path, sizeof db_path) != EXIT_GOOD || call_evidence_lock(c, db_path, &lock) != EXIT_GOOD) return EXIT_REFUSED;
  int status = run_backup(c, backup_make, false);
  close(lock);
  return status;
}

int cmd_restore(struct command_call *c) {
  int lock = -1;
  const char *folder = c->backend->config->state_dir;
  int r = local_lock(folder, &lock);
  if (r == CAD_EBUSY) return call_refuse(c, "a daemon or another command works on %s: stop it first", folder);
  int status = run_backup(c, backup_restore, true);
  if (lock >= 0) close(lock);
  return status;
}
