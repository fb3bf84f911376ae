/* cadencia backup, restore, doctor: the box as a whole. */
#include "dialer/base/clock.h"
#include "dialer/local/command.h"
#include "dialer/local/local.h"
#include "dialer/local/table.h"
#include <cadencia/err.h>
#include <campaigns/backup.h>
#include <campaigns/doctor.h>
#include <campaigns/evidence.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <unistd.h>

enum { PASSWORD_LEAST = 8, PASSWORD_MOST = 256, STATES = 3 };

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

/* ---- doctor ---- */

struct visit {
  struct command_call *c;
  struct table *table;
  json_t *array;
  int worst;
};

static void say(struct visit *v, const char *what, int state, const char *advice, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
static void say(struct visit *v, const char *what, int state, const char *advice, const char *fmt, ...) {
  static const char *const STATE[STATES] = {"ok", "WARN", "FAIL"};
  char text[256];
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(text, sizeof text, fmt, ap);
  va_end(ap);
  if (state > v->worst) v->worst = state;
  json_array_append_new(
      v->array, json_pack("{s:s, s:s, s:s, s:s}", "what", what, "state", STATE[state], "found", text, "advice", state ? advice : ""));
  table_put(v->table, "%s", what);
  table_put(v->table, "%s", STATE[state]);
  table_put(v->table, "%s", text);
  table_put(v->table, "%s", state ? advice : "");
}

static void see_disk(struct visit *v, const char *folder) {
  struct statvfs st;
  if (statvfs(folder, &st) != 0) {
    say(v, "disk", 2, "make the folder, owned by the daemon's user", "%s: %s", folder, strerror(errno));
    return;
  }
  uint64_t mb = (uint64_t)st.f_bavail * st.f_frsize / 1000000, all = (uint64_t)st.f_blocks * st.f_frsize / 1000000;
  say(v, "disk",
      mb < 500        ? 2
      : mb * 10 < all ? 1
                      : 0,
      "make room: a full disk refuses new calls", "%" PRIu64 " of %" PRIu64 " MB free in %s", mb, all, folder);
}

static void see_clock(struct visit *v) {
  struct timex t = {0};
  int state = ntp_adjtime(&t);
  bool good = state >= 0 && !(t.status & STA_UNSYNC);
  say(v, "clock", good ? 0 : 1, "run chrony or systemd-timesyncd: hours and evidence hang on the clock",
      good ? "kept in step" : "nothing keeps it in step");
}

static void see_chain(struct visit *v, const char *db_path) {
  struct verify_report *r = calloc(1, sizeof *r);
  int err = r ? evidence_verify(db_path, NULL, r, NULL) : CAD_ENOMEM;
  if (err < 0)
    say(v, "chain", 2, "cadencia verify says more", "%s", err_name(err));
  else if (r->count)
    say(v, "chain", 2, "cadencia verify; keep the file, compare with a backup", "%s: %s", r->findings[0].stream, r->findings[0].what);
  else
    say(v, "chain", r->unsigned_rows > 100000, "stop and start signs; is the disk full?",
        "intact, %" PRIu64 " links, %" PRIu64 " since the last checkpoint", r->rows[0] + r->rows[1] + r->rows[2], r->unsigned_rows);
  free(r);
}

static void see_zones(struct visit *v) {
  char line[64] = "";
  FILE *f = fopen("/usr/share/zoneinfo/tzdata.zi", "re");
  if (f && !fgets(line, sizeof line, f)) line[0] = '\0';
  if (f) fclose(f);
  line[strcspn(line, "\n")] = '\0';
  int year = line[0] == '#' ? atoi(line + (strncmp(line, "# version ", 10) == 0 ? 10 : 0)) : 0;
  int64_t now = clock_wall().ms / 31556952000 + 1970;
  say(v, "zones", year == 0 ? 1 : now - year > 1, "install or upgrade the package tzdata",
      year ? "time zone rules %.20s" : "the version of the time zones is not known", year ? line + 10 : "");
}

static int put_finding(void *arg, const struct doctor_line *l) {
  say(arg, l->what, l->state, l->advice, "%s", l->found);
  return CAD_OK;
}

int cmd_doctor(struct command_call *c) {
  static const char *const HEADS[] = {"What", "State", "Found", "What to do", NULL};
  struct visit v = {.c = c, .table = table_create(HEADS), .array = json_array()};
  const struct config *g = c->backend->config;
  char db_path[CONFIG_PATH_MAX + 16];
  snprintf(db_path, sizeof db_path, "%s/cadencia.db", g->state_dir);
  see_disk(&v, g->state_dir);
  see_clock(&v);
  see_zones(&v);
  say(&v, "trunks", g->trunk_count == 0, "name a carrier in trunks of the configuration", "%u configured", g->trunk_count);
  if (access(db_path, F_OK) != 0) {
    say(&v, "database", 1, "cadencia campaign create makes it", "there is none yet");
  } else {
    if (doctor_database(db_path, put_finding, &v) < 0) say(&v, "database", 2, "restore a backup", "%s cannot be read", db_path);
    see_chain(&v, db_path);
  }
  if (call_json(c)) {
    call_put_json(c, json_pack("{s:b, s:o}", "well", v.worst < 2, "lines", v.array));
  } else {
    json_decref(v.array);
    table_print(v.table, c->out, "");
  }
  table_destroy(v.table);
  return v.worst < 2 ? EXIT_GOOD : EXIT_REFUSED;
}
