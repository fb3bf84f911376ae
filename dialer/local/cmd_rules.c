/* cadencia rules: what is in force here, and whether it says what it should. */
#include "dialer/base/clock.h"
#include "dialer/local/command.h"
#include "dialer/local/table.h"
#include <cadencia/err.h>
#include <campaigns/compliance.h>
#include <campaigns/packs.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The law as it stands, copied on the store thread: commands look at it on their own. */
struct law_copy {
  struct rule *rules;
  int count;
  struct pack packs[PACKS_MAX];
  int pack_count;
};

static int job_copy(struct store *s, void *arg) {
  struct law_copy *l = arg;
  const struct ruleset *r = store_law(s)->rules;
  if (!r) return CAD_OK;
  l->rules = calloc((size_t)r->count + 1, sizeof *l->rules);
  if (!l->rules) return CAD_ENOMEM;
  memcpy(l->rules, r->rules, (size_t)r->count * sizeof *l->rules);
  memcpy(l->packs, r->packs, sizeof l->packs);
  l->count = r->count;
  l->pack_count = r->pack_count;
  return CAD_OK;
}

static int copy_law(struct command_call *c, struct law_copy *l) {
  *l = (struct law_copy){.rules = NULL};
  int r = c->backend->run(c->backend->self, job_copy, l, false);
  return r < 0 ? call_refuse_store(c, r, "rules") : EXIT_GOOD;
}

static void date_text(int64_t day, char out[16]) {
  if (day == INT64_MIN || day == INT64_MAX)
    strcpy(out, "-");
  else
    calendar_date_text(day, out);
}

static void words_text(const struct law_word *words, unsigned bits, unsigned all, char *out, size_t size) {
  out[0] = '\0';
  if (bits == all) snprintf(out, size, "all");
  for (; bits != all && words->word; words++)
    if (bits & words->bit) snprintf(out + strlen(out), size - strlen(out), "%s%s", out[0] ? "," : "", words->word);
}

static json_t *words_json(const struct law_word *words, unsigned bits) {
  json_t *list = json_array();
  for (; words->word; words++)
    if (bits & words->bit) json_array_append_new(list, json_string(words->word));
  return list;
}

/* What the rule asks, in one line. */
static void rule_says(const struct rule *r, char *out, size_t size) {
  static const char *const DAYS[7] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"},
                           *const PER[] = {"number", "person", "debt", "subject"},
                           *const HOLIDAYS[] = {"", ", holidays closed", ", holidays as Sundays"};
  out[0] = '\0';
#define MORE(...) snprintf(out + strlen(out), size - strlen(out), __VA_ARGS__)
  switch ((enum rule_kind)r->kind) {
  case RULE_HOURS:
    for (int i = 1; i <= 7; i++) {
      int d = i % 7;
      for (int w = 0; w < RULE_WINDOWS; w++) {
        unsigned from = r->u.hours.open[d][w], to = r->u.hours.close[d][w];
        if (from < to) MORE("%s%s %02u:%02u-%02u:%02u", out[0] ? ", " : "", DAYS[d], from / 60, from % 60, to / 60, to % 60);
      }
    }
    MORE("%s", HOLIDAYS[r->u.hours.holidays % 3]);
    break;
  case RULE_CAP:
    MORE("at most %u in ", r->u.cap.calls);
    if (r->u.cap.hours) MORE("%u h", r->u.cap.hours);
    if (r->u.cap.days) MORE("%s%u calendar days", r->u.cap.hours ? " and " : "", r->u.cap.days);
    MORE(" to one %s%s%s", PER[r->u.cap.per % 4], r->u.cap.whole_box ? ", all sellers" : "",
         r->u.cap.unless_guaranteed ? ", unless an agent waits" : "");
    break;
  case RULE_REGISTRY:
    for (int i = 0; i < r->u.registry.count; i++) MORE("%s%s", i ? ", " : "", r->u.registry.names[i]);
    MORE(", at most %u days old%s", r->u.registry.max_age_days, r->u.registry.unless ? ", unless there is consent" : "");
    break;
  case RULE_CONSENT: {
    char words[120];
    words_text(law_bases, r->u.consent.bases, 0xff, words, sizeof words);
    MORE("one of %s%s", words,
         r->u.consent.technologies == TECH_ALL          ? ""
         : r->u.consent.technologies & TECH_PRERECORDED ? ", for recorded voices"
                                                        : "");
    if (r->u.consent.renew_months) MORE(", renewed in %u months", r->u.consent.renew_months);
    break;
  }
  case RULE_CALLER_ID:
    if (r->u.caller.needed) MORE("a number is shown");
    for (int i = 0; i < r->u.caller.forbid_count; i++) MORE("%snot +%llu", out[0] ? ", " : "", (unsigned long long)r->u.caller.forbid[i]);
    for (int i = 0; i < r->u.caller.require_count; i++)
      MORE("%s+%llu", i ? " or " : out[0] ? ", only " : "only ", (unsigned long long)r->u.caller.require[i]);
    break;
  case RULE_RING: MORE("ring at least %lld ms", (long long)r->u.value); break;
  case RULE_WAIT: MORE("an agent within %lld ms", (long long)r->u.value); break;
  case RULE_ABANDON: MORE("abandon at most %lld.%02lld %%", (long long)(r->u.value / 100), (long long)(r->u.value % 100)); break;
  case RULE_RETENTION: MORE("keep records %lld years", (long long)r->u.value); break;
  case RULE_DNC: MORE("our own do-not-call lists"); break;
  case RULE_BAN: MORE("no calls on banned days"); break;
  default: MORE("%s", r->text); break;
  }
#undef MORE
}

static json_t *rule_json(const struct rule *r) {
  char region[REGION_TEXT_MAX], from[16], until[16], says[400];
  region_text(r->region, region);
  date_text(r->from, from), date_text(r->until, until);
  rule_says(r, says, sizeof says);
  return json_pack("{s:s, s:s, s:i, s:s, s:s, s:b, s:s, s:o, s:s, s:s, s:o, s:o, s:o}", "id", r->id, "pack", r->pack, "version",
                   (int)r->version, "region", region, "kind", rule_kind_name((enum rule_kind)r->kind), "on", r->on, "level", r->level,
                   "purposes", words_json(law_purposes, r->purposes), "from", from, "until", until, "says", json_text(says), "citation",
                   json_text(r->citation), "text", json_text(r->text));
}

int cmd_rules_list(struct command_call *c) {
  static const char *const HEADS[] = {"ID", "WHERE", "FOR", "KIND", "ON", "LEVEL", "ASKS", NULL};
  struct law_copy l;
  const char *where = call_option(c, OPT_REGION), *purpose = call_option(c, OPT_PURPOSE);
  uint64_t region = where ? region_parse(where) : 0;
  unsigned bit = purpose ? law_word_bit(law_purposes, purpose) : 0;
  if (where && !region) return call_refuse(c, "\"%.20s\" is no region; write US, US-FL or ES", where);
  if (purpose && !bit)
    return call_refuse(c, "the purpose \"%.30s\" is unknown; write telemarketing, collections, survey or information", purpose);
  int status = copy_law(c, &l);
  if (status != EXIT_GOOD) return status;
  json_t *array = json_array();
  struct table *t = table_create(HEADS);
  for (int i = 0; i < l.count; i++) {
    const struct rule *r = &l.rules[i];
    char text[REGION_TEXT_MAX], purposes[80], says[400];
    if ((region && !region_covers(r->region, region)) || (bit && !(r->purposes & bit))) continue;
    json_array_append_new(array, rule_json(r));
    region_text(r->region, text);
    words_text(law_purposes, r->purposes, PURPOSE_ALL, purposes, sizeof purposes);
    rule_says(r, says, sizeof says);
    table_put(t, "%s", r->id);
    table_put(t, "%s", text);
    table_put(t, "%s", purposes);
    table_put(t, "%s", rule_kind_name((enum rule_kind)r->kind));
    table_put(t, "%s", r->on ? "on" : "off");
    table_put(t, "%s", r->level);
    table_put(t, "%.90s", says);
  }
  if (call_json(c)) {
    call_put_json(c, json_pack("{s:O}", "rules", array));
  } else {
    table_print(t, c->out, "no rules of that");
    fputs("Levels: V1 primary text read, V2 secondary source, V3 quoted by a third party, R recalled and not checked, P our policy. Not "
          "legal advice.\n",
          c->out);
  }
  json_decref(array);
  table_destroy(t);
  free(l.rules);
  return EXIT_GOOD;
}

int cmd_rules_show(struct command_call *c) {
  struct law_copy l;
  const struct rule *found = NULL;
  int status = copy_law(c, &l);
  if (status != EXIT_GOOD) return status;
  for (int i = 0; i < l.count; i++)
    if (strcmp(l.rules[i].id, c->args->words[0]) == 0) found = &l.rules[i];
  if (!found) {
    free(l.rules);
    return call_refuse(c, "there is no rule \"%.40s\"; cadencia rules list shows them", c->args->words[0]);
  }
  if (call_json(c)) {
    call_put_json(c, rule_json(found));
  } else {
    char region[REGION_TEXT_MAX], from[16], until[16], says[400], purposes[80];
    region_text(found->region, region);
    date_text(found->from, from), date_text(found->until, until);
    rule_says(found, says, sizeof says);
    words_text(law_purposes, found->purposes, PURPOSE_ALL, purposes, sizeof purposes);
    fprintf(c->out, "%s  (%s, pack %s %u, %s)\n", found->id, rule_kind_name((enum rule_kind)found->kind), found->pack, found->version,
            found->on ? "on" : "off");
    fprintf(c->out, "where     %s\nfor       %s\nsince     %s, until %s\nasks      %s\ncitation  %s\nlevel     %s\n", region, purposes,
            from, until, says, found->citation, found->level);
    if (found->text[0]) fprintf(c->out, "note      %s\n", found->text);
  }
  free(l.rules);
  return EXIT_GOOD;
}

/* ---- test ---- */

struct test_job {
  const char *dir, *file; /* file: one pack on its own path */
  int ran, failed;
  FILE *err;
};

static int job_test(struct store *s, void *arg) {
  struct test_job *j = arg;
  if (j->file) {
    j->failed = pack_test(j->file, store_law(s), store_zones(s), &j->ran, j->err);
    return j->failed < 0 ? j->failed : CAD_OK;
  }
  DIR *d = opendir(j->dir);
  if (!d) return CAD_ENOENT;
  for (struct dirent *e; (e = readdir(d));) {
    char path[2 * CONFIG_PATH_MAX];
    size_t n = strlen(e->d_name);
    if (n < 6 || e->d_name[0] == '.' || strcmp(e->d_name + n - 5, ".conf") != 0) continue;
    snprintf(path, sizeof path, "%s/%s", j->dir, e->d_name);
    int failed = pack_test(path, store_law(s), store_zones(s), &j->ran, j->err);
    j->failed += failed < 0 ? 1 : failed;
  }
  closedir(d);
  return CAD_OK;
}

int cmd_rules_test(struct command_call *c) {
  char dir[2 * CONFIG_PATH_MAX], site[2 * CONFIG_PATH_MAX], fd[64];
  snprintf(dir, sizeof dir, "%s/rules", c->backend->config->share_dir);
  snprintf(site, sizeof site, "%s/rules", c->backend->config->state_dir);
  snprintf(fd, sizeof fd, "/proc/self/fd/%d", c->file);
  char *said = NULL;
  size_t size = 0;
  struct test_job j = {.dir = dir, .file = c->args->word_count ? fd : NULL, .err = open_memstream(&said, &size)};
  int r = j.err ? c->backend->run(c->backend->self, job_test, &j, false) : CAD_ENOMEM;
  if (j.err) fclose(j.err);
  call_tell_of_file(c, fd, said);
  free(said);
  j.err = c->err;
  if (r >= 0 && !j.file && access(site, R_OK) == 0) {
    j.dir = site;
    r = c->backend->run(c->backend->self, job_test, &j, false);
  }
  if (r < 0) return call_refuse(c, "%.200s: the packs cannot be read (%s)", j.file ? c->args->words[0] : j.dir, err_name(r));
  if (call_json(c))
    call_put_json(c, json_pack("{s:i, s:i}", "vectors", j.ran, "failed", j.failed));
  else
    fprintf(c->out, "%d vectors, %d failed\n", j.ran, j.failed);
  return j.failed ? EXIT_REFUSED : EXIT_GOOD;
}

/* ---- diff ---- */

static const struct rule *rule_named(const struct rule *rules, int count, const char *id) {
  for (int i = 0; i < count; i++)
    if (strcmp(rules[i].id, id) == 0) return &rules[i];
  return NULL;
}

static void say_change(struct command_call *c, json_t *array, const char *what, const struct rule *old, const struct rule *new) {
  char before[400] = "", after[400] = "";
  if (old) rule_says(old, before, sizeof before);
  if (new) rule_says(new, after, sizeof after);
  const struct rule *r = new ? new : old;
  json_array_append_new(array, json_pack("{s:s, s:s, s:o, s:o, s:b, s:b}", "change", what, "id", r->id, "before", json_text(before),
                                         "after", json_text(after), "on_before", old ? old->on : 0, "on_after", new ? new->on : 0));
  if (call_json(c)) return;
  fprintf(c->out, "%-8s %s\n", what, r->id);
  if (old) fprintf(c->out, "  - %s%s [%s] %s\n", old->on ? "" : "(off) ", before, old->level, old->citation);
  if (new) fprintf(c->out, "  + %s%s [%s] %s\n", new->on ? "" : "(off) ", after, new->level, new->citation);
}

/* But for the pack's own version, which always changes. */
static bool same_rule(const struct rule *a, const struct rule *b) {
  char x[400] = "", y[400] = "";
  rule_says(a, x, sizeof x);
  rule_says(b, y, sizeof y);
  return strcmp(a->id, b->id) == 0 && strcmp(a->pack, b->pack) == 0 && a->region == b->region && a->kind == b->kind &&
         a->purposes == b->purposes && a->sectors == b->sectors && a->technologies == b->technologies && a->on == b->on &&
         strcmp(a->level, b->level) == 0 && a->from == b->from && a->until == b->until && strcmp(a->citation, b->citation) == 0 &&
         strcmp(a->text, b->text) == 0 && strcmp(x, y) == 0;
}

int cmd_rules_diff(struct command_call *c) {
  struct law_copy l;
  char fd[64];
  struct ruleset *fresh = ruleset_create();
  snprintf(fd, sizeof fd, "/proc/self/fd/%d", c->file);
  char *said = NULL;
  size_t size = 0;
  FILE *err = open_memstream(&said, &size);
  int r = fresh && err ? pack_read(fd, fresh, err) : CAD_ENOMEM;
  if (err) fclose(err);
  call_tell_of_file(c, fd, said);
  free(said);
  if (r < 0) {
    ruleset_destroy(fresh);
    return call_refuse(c, "%.200s is no pack that could be loaded", c->args->words[0]);
  }
  int status = copy_law(c, &l), changes = 0;
  json_t *array = json_array();
  for (int i = 0; status == EXIT_GOOD && i < fresh->count; i++) {
    const struct rule *old = rule_named(l.rules, l.count, fresh->rules[i].id);
    if (old && same_rule(old, &fresh->rules[i])) continue;
    say_change(c, array, !old ? "new" : old->on != fresh->rules[i].on ? "switched" : "changed", old, &fresh->rules[i]);
    changes++;
  }
  for (int i = 0; status == EXIT_GOOD && i < l.count; i++) {
    if (strcmp(l.rules[i].pack, fresh->packs[0].name) != 0 || ruleset_find(fresh, l.rules[i].id)) continue;
    say_change(c, array, "gone", &l.rules[i], NULL);
    changes++;
  }
  if (status == EXIT_GOOD && call_json(c)) call_put_json(c, json_pack("{s:s, s:O}", "pack", fresh->packs[0].name, "changes", array));
  if (status == EXIT_GOOD && !call_json(c))
    fprintf(c->out, "%d change%s in pack %s\n", changes, changes == 1 ? "" : "s", fresh->packs[0].name);
  json_decref(array);
  free(l.rules);
  ruleset_destroy(fresh);
  return status;
}

/* ---- reload ---- */

static int job_reload(struct store *s, void *arg) { return store_law_reload(s, arg); }

int cmd_rules_reload(struct command_call *c) {
  struct law_copy l;
  int r = c->backend->run(c->backend->self, job_reload, c->err, false);
  if (r < 0) return call_refuse(c, "nothing was changed: mend the lines named and try again (%s)", err_name(r));
  int status = copy_law(c, &l);
  if (status != EXIT_GOOD) return status;
  if (call_json(c))
    call_put_json(c, json_pack("{s:i, s:i}", "packs", l.pack_count, "rules", l.count));
  else
    fprintf(c->out, "%d packs with %d rules are in force\n", l.pack_count, l.count);
  free(l.rules);
  return EXIT_GOOD;
}
