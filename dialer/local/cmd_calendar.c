/* cadencia calendar: holidays and bans of the site. */
#include "dialer/base/clock.h"
#include "dialer/local/command.h"
#include "dialer/local/table.h"
#include <cadencia/err.h>
#include <campaigns/compliance.h>
#include <campaigns/packs.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COPY_MOST = 8 << 20, SHOWN_MOST = 2000, DAY_MS = 86400000 };

static int copy_file(int from, const char *path) {
  char temporary[2 * CONFIG_PATH_MAX + 16], block[8192];
  snprintf(temporary, sizeof temporary, "%s.new", path);
  FILE *out = fopen(temporary, "wb");
  if (!out) return CAD_EIO;
  size_t total = 0;
  bool good = lseek(from, 0, SEEK_SET) == 0;
  for (ssize_t n = 1; good && n > 0;) {
    n = read(from, block, sizeof block);
    total += n > 0 ? (size_t)n : 0;
    good = n >= 0 && total <= COPY_MOST && fwrite(block, 1, (size_t)(n > 0 ? n : 0), out) == (size_t)(n > 0 ? n : 0);
  }
  good &= fflush(out) == 0 && fsync(fileno(out)) == 0;
  good &= fclose(out) == 0;
  if (good && rename(temporary, path) == 0) return CAD_OK;
  (void)unlink(temporary);
  return CAD_EIO;
}

/* Words of a file name, from the name that was given. */
static bool file_name(const char *given, char *out, size_t size) {
  const char *slash = strrchr(given, '/'), *base = slash ? slash + 1 : given;
  size_t n = strlen(base);
  if (n > 4 && strcmp(base + n - 4, ".csv") == 0) n -= 4;
  if (n == 0 || n + 5 > size || base[0] == '.') return false;
  for (size_t i = 0; i < n; i++)
    if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_", base[i])) return false;
  snprintf(out, size, "%.*s.csv", (int)n, base);
  return true;
}

static int job_reload(struct store *s, void *arg) { return store_law_reload(s, arg); }

int cmd_calendar_load(struct command_call *c) {
  char name[80], dir[CONFIG_PATH_MAX + 16], path[2 * CONFIG_PATH_MAX], fd[64];
  const char *given = call_option(c, OPT_NAME) ? call_option(c, OPT_NAME) : c->args->words[0];
  if (c->file < 0) return call_refuse(c, "%.200s cannot be read", c->args->words[0]);
  if (!file_name(given, name, sizeof name)) return call_refuse(c, "name it with letters, digits, '-' or '_': --name madrid-2026");
  /* Checked whole before it is put where every start reads it. */
  struct calendar *trial = calendar_create();
  snprintf(fd, sizeof fd, "/proc/self/fd/%d", c->file);
  char *said = NULL;
  size_t size = 0;
  FILE *err = open_memstream(&said, &size);
  int r = trial && err ? calendar_file(fd, trial, err) : CAD_ENOMEM, days = r < 0 ? 0 : calendar_count(trial);
  if (err) fclose(err);
  call_tell_of_file(c, fd, said);
  free(said);
  calendar_destroy(trial);
  if (r < 0) return call_refuse(c, "%.200s was not loaded", c->args->words[0]);
  snprintf(dir, sizeof dir, "%s/calendars", c->backend->config->state_dir);
  snprintf(path, sizeof path, "%s/%s", dir, name);
  if (mkdir(dir, 0700) != 0 && errno != EEXIST) return call_refuse(c, "the folder %.200s cannot be made: %s", dir, strerror(errno));
  if (copy_file(c->file, path) < 0) return call_refuse(c, "%.200s cannot be written", path);
  r = c->backend->run(c->backend->self, job_reload, c->err, false);
  if (r < 0) {
    (void)unlink(path);
    return call_refuse(c, "the calendars could not be read together (%s); nothing was changed", err_name(r));
  }
  if (call_json(c))
    call_put_json(c, json_pack("{s:s, s:i}", "calendar", name, "days", days));
  else
    fprintf(c->out, "%s: %d days, in force now; to take it back remove %s and run cadencia rules reload\n", name, days, path);
  return EXIT_GOOD;
}

struct list_job {
  uint64_t region;
  int64_t from;
  json_t *array;
  struct table *t;
};

static int job_list(struct store *s, void *arg) {
  struct list_job *j = arg;
  const struct calendar *calendar = store_law(s)->calendar;
  for (int i = 0, shown = 0; calendar && i < calendar_count(calendar) && shown < SHOWN_MOST; i++) {
    const struct calendar_entry *e = calendar_entry(calendar, i);
    char date[16], region[REGION_TEXT_MAX];
    if (e->day < j->from || (j->region && !region_covers(j->region, e->region))) continue;
    calendar_date_text(e->day, date);
    region_text(e->region, region);
    const char *kind = e->kind == DAY_BAN ? "ban" : "holiday";
    json_array_append_new(j->array,
                          json_pack("{s:s, s:s, s:s, s:o}", "date", date, "region", region, "kind", kind, "name", json_text(e->name)));
    table_put(j->t, "%s", date);
    table_put(j->t, "%s", region);
    table_put(j->t, "%s", kind);
    table_put(j->t, "%s", e->name);
    shown++;
  }
  return CAD_OK;
}

int cmd_calendar_list(struct command_call *c) {
  static const char *const HEADS[] = {"DATE", "REGION", "KIND", "NAME", NULL};
  const char *where = call_option(c, OPT_REGION), *date = call_option(c, OPT_DATE);
  struct list_job j = {where ? region_parse(where) : 0, clock_wall().ms / DAY_MS, NULL, NULL};
  if (where && !j.region) return call_refuse(c, "\"%.20s\" is no region; write US, US-FL or ES", where);
  if (date && !calendar_date(date, &j.from)) return call_refuse(c, "\"%.20s\" is no day; write 2026-12-01", date);
  j.array = json_array();
  j.t = table_create(HEADS);
  int r = c->backend->run(c->backend->self, job_list, &j, false);
  if (r >= 0 && call_json(c))
    call_put_json(c, json_pack("{s:O}", "days", j.array));
  else if (r >= 0)
    table_print(j.t, c->out, "no holiday or ban from that day on");
  json_decref(j.array);
  table_destroy(j.t);
  return r < 0 ? call_refuse_store(c, r, "calendar") : EXIT_GOOD;
}
