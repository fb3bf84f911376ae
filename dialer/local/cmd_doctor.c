/* cadencia doctor: is the box well, and what to do if not. */
#include "dialer/base/clock.h"
#include "dialer/local/command.h"
#include "dialer/local/table.h"
#include <cadencia/err.h>
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

enum { STATES = 3 };
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

/* What to do about a trunk that is not up, by the name of its state (names.h). */
static const char *trunk_advice(const char *state) {
  static const char *const ADVICE[TRUNK_STATE_COUNT] = {"look again in a minute",
                                                        "",
                                                        "its proxy must be an address that its listener may call: cadencia check",
                                                        "does its name resolve here? the name server, or a typing error in proxy",
                                                        "look again in a minute",
                                                        "compare user and password with the carrier's letter",
                                                        "ask the carrier why it refuses the registration",
                                                        "is its address right, and does a firewall let SIP through to it and back?",
                                                        "is the certificate the carrier's own? tls_ca and the name in proxy"};
  for (int i = 0; i < TRUNK_STATE_COUNT; i++)
    if (strcmp(trunk_state_name((enum trunk_state)i), state) == 0) return ADVICE[i];
  return "cadencia trunk list";
}

/* As the daemon sees them now; without one nobody knows. */
static void see_trunks(struct visit *v, const struct config *g) {
  static const char *const ASK[] = {"trunk", "list", "--json"};
  if (g->trunk_count == 0) {
    say(v, "trunks", 1, "name a carrier in trunks of the configuration", "none is configured");
    return;
  }
  json_t *answer = client_answer(g->state_dir, 3, ASK), *one;
  const json_t *all = json_object_get(answer, "trunks");
  size_t i, up = 0;
  json_array_foreach(all, i, one) up += json_is_true(json_object_get(one, "up"));
  json_array_foreach(all, i, one) {
    const char *name = json_string_value(json_object_get(one, "name")), *state = json_string_value(json_object_get(one, "state"));
    const int status = (int)json_integer_value(json_object_get(one, "status"));
    const bool good = json_is_true(json_object_get(one, "up"));
    if (good || !name || !state) continue;
    say(v, "trunk", up ? 1 : 2, trunk_advice(state), status ? "%.60s is %.40s (%d)" : "%.60s is %.40s", name, state, status);
  }
  if (!answer)
    say(v, "trunks", 0, "", "%u configured; no daemon runs, so nobody knows their state", g->trunk_count);
  else if (up == json_array_size(all))
    say(v, "trunks", 0, "", "%zu of %zu up", up, json_array_size(all));
  json_decref(answer);
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
  see_trunks(&v, g);
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
