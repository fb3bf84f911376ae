/* cadencia dnc load, lists, erase: do-not-call lists as files. */
#include "dialer/base/clock.h"
#include "dialer/local/command.h"
#include "dialer/local/table.h"
#include <cadencia/err.h>
#include <campaigns/compliance.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK = 1 << 20, LINE_LONGEST = 4096, NUMBERS_MOST = 100000000, SHOWN_MOST = 5, DAY_MS = 86400000 };

struct load {
  const struct phone_home *home;
  bool nanp; /* national numbers have ten digits behind a 1 */
  uint64_t *numbers, count, room, lines, rejected;
  uint64_t first_bad[SHOWN_MOST];
  struct list_hash *hash;
};

static size_t digits_of(const char *at, size_t n, uint64_t *value) {
  size_t i = 0;
  *value = 0;
  for (; i < n && i < 16 && at[i] >= '0' && at[i] <= '9'; i++) *value = *value * 10 + (uint64_t)(at[i] - '0');
  return i;
}

static bool separator(char c) { return c == ',' || c == ';' || c == '\t' || c == '|'; }

/* One line: the number, or area code and number in two columns. Plain numbers are read here, all others as an import reads them. */
static bool line_number(const struct load *l, const char *line, size_t n, uint64_t *out) {
  uint64_t a, b;
  char text[64], reason[PHONE_REASON_MAX];
  while (n > 0 && (line[n - 1] == '\r' || line[n - 1] == ' ')) n--;
  if (n > 2 && line[0] == '"') line++, n--;
  size_t used = digits_of(line, n, &a);
  bool alone = used == n || separator(line[used]) || (line[used] == '"' && used > 0);
  if (l->nanp && used == 10 && alone && line[0] >= '2') return (*out = 10000000000u + a), true;
  if (l->nanp && used == 3 && used < n && separator(line[used])) {
    size_t second = digits_of(line + 4, n - 4, &b);
    if (second == 7 && (second + 4 == n || separator(line[4 + second]))) return (*out = 10000000000u + a * 10000000 + b), true;
  }
  if (line[0] == '+') {
    used = digits_of(line + 1, n - 1, &a);
    if (used >= 8 && used <= 15 && (used + 1 == n || separator(line[used + 1])) && line[1] != '0') return (*out = a), true;
  }
  size_t field = 0;
  while (field < n && !separator(line[field]) && line[field] != '"') field++;
  if (field == 0 || field >= sizeof text) return false;
  memcpy(text, line, field);
  text[field] = '\0';
  return phone_parse(text, l->home, out, reason) >= 0;
}

static void take_line(struct load *l, const char *line, size_t n) {
  uint64_t number;
  l->lines++;
  if (n == 0 || line[0] == '#') return;
  if (l->count < l->room && line_number(l, line, n, &number)) {
    l->numbers[l->count++] = number;
    return;
  }
  if (l->rejected < SHOWN_MOST) l->first_bad[l->rejected] = l->lines;
  l->rejected++;
}

/* Bytes in, lines out; a line that is too long to be one makes the file no list. */
static int read_lines(struct load *l, int fd) {
  char *buffer = malloc(CHUNK + LINE_LONGEST);
  size_t have = 0;
  int err = buffer ? CAD_OK : CAD_ENOMEM;
  for (ssize_t got = 1; err == CAD_OK && got > 0;) {
    got = read(fd, buffer + have, CHUNK);
    if (got < 0) err = CAD_EIO;
    if (got > 0) list_hash_add(l->hash, buffer + have, (size_t)got);
    if (got > 0 && memchr(buffer + have, '\0', (size_t)got)) err = CAD_EFORMAT;
    have += got > 0 ? (size_t)got : 0;
    size_t at = 0;
    for (char *end; err == CAD_OK && (end = memchr(buffer + at, '\n', have - at)); at = (size_t)(end - buffer) + 1)
      take_line(l, buffer + at, (size_t)(end - buffer) - at);
    if (err == CAD_OK && got == 0 && have > at) take_line(l, buffer + at, have - at);
    if (have - at >= LINE_LONGEST) err = CAD_EFORMAT;
    memmove(buffer, buffer + at, have - at);
    have -= at;
  }
  free(buffer);
  return err;
}

struct adopt_job {
  struct dnc_list list;
  char folder[512], path[600];
};
static int job_folder(struct store *s, void *arg) { return store_dnc_list_folder(s, ((struct adopt_job *)arg)->folder); }
static int job_adopt(struct store *s, void *arg) {
  struct adopt_job *j = arg;
  return store_dnc_list_adopt(s, &j->list, j->path);
}

static int read_and_write(struct command_call *c, struct load *l, struct adopt_job *j) {
  struct stat st;
  int r = fstat(c->file, &st) == 0 && S_ISREG(st.st_mode) ? CAD_OK : CAD_EIO;
  l->room = r == CAD_OK ? (uint64_t)st.st_size / 6 + 16 : 0; /* no line with a number is shorter */
  if (l->room > NUMBERS_MOST) l->room = NUMBERS_MOST;
  size_t bytes = l->room * sizeof *l->numbers;
  /* Pages come as numbers come: the file's size is no claim on memory. */
  l->numbers = r == CAD_OK ? mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0) : MAP_FAILED;
  l->hash = list_hash_create();
  if (l->numbers == MAP_FAILED || !l->hash) r = CAD_ENOMEM;
  if (r == CAD_OK) r = read_lines(l, c->file);
  if (l->hash) list_hash_finish(l->hash, j->list.hash);
  /* A download that broke off, a page that asks to sign in, numbers of another country: taken for the list, everybody may be called. */
  if (r == CAD_OK && (l->count == 0 || l->rejected > l->count)) r = CAD_EINVAL;
  if (r == CAD_OK) {
    int64_t n = store_dnc_list_write(l->numbers, l->count, j->path);
    r = n < 0 ? (int)n : CAD_OK;
  }
  if (l->numbers != MAP_FAILED) munmap(l->numbers, bytes);
  return r;
}

static int refuse_load(struct command_call *c, int r, const struct load *l, const struct adopt_job *j) {
  const char *file = c->args->words[0];
  if (r == CAD_EINVAL && l->lines == 0) return call_refuse(c, "%.120s is empty; what was loaded before stays in force", file);
  if (r == CAD_EINVAL && l->count > 0)
    return call_refuse(
        c,
        "%.120s was not loaded: only %llu of %llu lines hold a number that could be read; name the country of its numbers with "
        "--country, or give the right file",
        file, (unsigned long long)l->count, (unsigned long long)l->lines);
  switch (r) {
  case CAD_EFORMAT:
    return call_refuse(c, "%.120s is no list of numbers: it holds zero bytes or lines over 4 kB; give plain text, one number a line", file);
  case CAD_EINVAL: return call_refuse(c, "%.120s holds no number that could be read; name the country of its numbers with --country", file);
  case CAD_EFULL:
    return call_refuse(c, "there are too many lists (%d registries, %d of your own); put several into one file", DNC_REGISTRIES_MAX,
                       DNC_OWN_LISTS_MAX);
  case CAD_ENOENT: return call_refuse(c, "there is no %.60s", j->list.scope);
  default: return call_refuse_store(c, r, "do-not-call list");
  }
}

static void say_loaded(struct command_call *c, const struct load *l, const struct dnc_list *d) {
  char date[16];
  calendar_date_text(d->as_of.ms / DAY_MS, date);
  if (call_json(c)) {
    call_put_json(c,
                  json_pack("{s:s, s:b, s:s, s:I, s:I, s:I, s:s}", "list", d->name, "registry", d->registry, "as_of", date, "numbers",
                            (json_int_t)d->numbers, "lines", (json_int_t)l->lines, "rejected", (json_int_t)l->rejected, "hash", d->hash));
    return;
  }
  fprintf(c->out, "%s of %s: %llu numbers from %llu lines, in force now; BLAKE2b %.16s...\n", d->name, date, (unsigned long long)d->numbers,
          (unsigned long long)l->lines, d->hash);
  if (l->rejected == 0) return;
  fprintf(c->out, "%llu lines hold no number:", (unsigned long long)l->rejected);
  for (uint64_t i = 0; i < l->rejected && i < SHOWN_MOST; i++) fprintf(c->out, " %llu", (unsigned long long)l->first_bad[i]);
  fputs(l->rejected > SHOWN_MOST ? " ...\n" : "\n", c->out);
}

int cmd_dnc_load(struct command_call *c) {
  struct load l = {.home = NULL};
  struct adopt_job j = {.list = {.registry = call_option(c, OPT_REGISTRY) != NULL}};
  const char *country = call_option(c, OPT_COUNTRY), *date = call_option(c, OPT_DATE);
  const char *name = j.list.registry ? call_option(c, OPT_REGISTRY) : call_option(c, OPT_NAME);
  int64_t day = clock_wall().ms / DAY_MS;
  if (c->file < 0) return call_refuse(c, "%.120s cannot be read", c->args->words[0]);
  if (!name || (!j.list.registry && !call_option(c, OPT_SCOPE)))
    return call_refuse(c, "say what it is: --registry US-DNC --date YYYY-MM-DD, or --scope seller:NAME --name A-NAME");
  if (strlen(name) >= sizeof j.list.name || strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != strlen(name) || strlen(name) < 2)
    return call_refuse(c, "the name \"%.40s\" must be 2 to %d capital letters, digits, '-' or '_'", name, RULE_LIST_NAME_MAX - 1);
  if (j.list.registry && !date) return call_refuse(c, "a registry needs the day on which the file was true: --date 2026-11-15");
  if (date && (!calendar_date(date, &day) || day > clock_wall().ms / DAY_MS + 1))
    return call_refuse(c, "the date \"%.20s\" must be a day of the past, as 2026-11-15", date);
  if (country && !(l.home = phone_home_find(country)))
    return call_refuse(c, "country \"%.8s\" is not known; write two capital letters, as US", country);
  l.nanp = country && (strcmp(country, "US") == 0 || strcmp(country, "CA") == 0);
  j.list.as_of = (struct wall){day * DAY_MS};
  snprintf(j.list.name, sizeof j.list.name, "%s", name);
  snprintf(j.list.scope, sizeof j.list.scope, "%s", call_option(c, OPT_SCOPE) ? call_option(c, OPT_SCOPE) : "global");
  snprintf(j.list.file, sizeof j.list.file, "%s", c->args->words[0]);
  int r = c->backend->run(c->backend->self, job_folder, &j, false);
  if (r < 0) return call_refuse_store(c, r, "folder of do-not-call lists");
  snprintf(j.path, sizeof j.path, "%s/load-%lld.set", j.folder, (long long)clock_mono_us());
  r = read_and_write(c, &l, &j);
  j.list.rejected = l.rejected;
  if (r >= 0) r = c->backend->run(c->backend->self, job_adopt, &j, false);
  if (r < 0) {
    (void)unlink(j.path);
    return refuse_load(c, r, &l, &j);
  }
  say_loaded(c, &l, &j.list);
  return EXIT_GOOD;
}

/* ---- what is loaded ---- */

struct lists_job {
  struct dnc_list *items;
  int count, room;
};
static int add_list(void *arg, const struct dnc_list *l) {
  struct lists_job *j = arg;
  if (j->count == j->room) {
    int room = j->room ? j->room * 2 : 16;
    struct dnc_list *bigger = realloc(j->items, (size_t)room * sizeof *bigger);
    if (!bigger) return CAD_ENOMEM;
    j->items = bigger;
    j->room = room;
  }
  j->items[j->count++] = *l;
  return CAD_OK;
}
static int job_lists(struct store *s, void *arg) { return store_dnc_list_each(s, add_list, arg); }

int cmd_dnc_lists(struct command_call *c) {
  static const char *const HEADS[] = {"NAME", "KIND", "OF", ">AGE d", ">NUMBERS", ">REJECTED", "FILE", "BLAKE2B", NULL};
  struct lists_job j = {NULL, 0, 0};
  int r = c->backend->run(c->backend->self, job_lists, &j, false);
  json_t *array = json_array();
  struct table *t = table_create(HEADS);
  for (int i = 0; r >= 0 && i < j.count; i++) {
    const struct dnc_list *l = &j.items[i];
    char date[16];
    calendar_date_text(l->as_of.ms / DAY_MS, date);
    long long age = (clock_wall().ms - l->as_of.ms) / DAY_MS;
    json_array_append_new(array, json_pack("{s:s, s:b, s:o, s:s, s:I, s:I, s:I, s:o, s:s, s:o, s:b}", "list", l->name, "registry",
                                           l->registry, "scope", json_text(l->scope), "as_of", date, "age_days", (json_int_t)age, "numbers",
                                           (json_int_t)l->numbers, "rejected", (json_int_t)l->rejected, "file", json_text(l->file), "hash",
                                           l->hash, "loaded", json_time(l->loaded), "current", l->current));
    if (!l->current) continue;
    table_put(t, "%s", l->name);
    table_put(t, "%s", l->registry ? "registry" : l->scope);
    table_put(t, "%s", date);
    table_put(t, "%lld", age);
    table_put(t, "%llu", (unsigned long long)l->numbers);
    table_put(t, "%llu", (unsigned long long)l->rejected);
    table_put(t, "%.40s", l->file);
    table_put(t, "%.16s", l->hash);
  }
  free(j.items);
  if (r >= 0 && call_json(c))
    call_put_json(c, json_pack("{s:O}", "lists", array));
  else if (r >= 0)
    table_print(t, c->out, "no list was loaded as a file; cadencia dnc load FILE --registry US-DNC --date YYYY-MM-DD");
  json_decref(array);
  table_destroy(t);
  return r < 0 ? call_refuse_store(c, r, "do-not-call lists") : EXIT_GOOD;
}

static int job_erase(struct store *s, void *arg) { return store_dnc_erase(s, *(const uint64_t *)arg); }

int cmd_dnc_erase(struct command_call *c) {
  const char *country = call_option(c, OPT_COUNTRY);
  char reason[PHONE_REASON_MAX];
  uint64_t phone;
  if (phone_parse(c->args->words[0], country ? phone_home_find(country) : NULL, &phone, reason) < 0)
    return call_refuse(c, "%.30s: %s", c->args->words[0], reason);
  int r = c->backend->run(c->backend->self, job_erase, &phone, true);
  if (r < 0) return call_refuse_store(c, r, "do-not-call list");
  if (call_json(c))
    call_put_json(c, json_pack("{s:b}", "erased", true));
  else
    fputs("No entry holds the number in the clear any more: what its entries asked stays as a keyed hash and blocks as before.\n"
          "Lists that were loaded as files are as they were.\n",
          c->out);
  return EXIT_GOOD;
}
