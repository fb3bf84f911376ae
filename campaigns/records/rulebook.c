/* The law as this box has it: rule packs, calendars and the regions of prefixes. */
#include "store_internal.h"
#include <campaigns/packs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int load_numbering(struct numbering *n, const char *share_dir, const char *name, bool needed, FILE *err) {
  char path[512];
  snprintf(path, sizeof path, "%s/numbering/%s", share_dir, name);
  FILE *f = fopen(path, "rb");
  if (!f && !needed) return CAD_OK;
  if (!f) {
    if (err) fprintf(err, "%s: the table of number prefixes cannot be read\n", path);
    return CAD_ENOENT;
  }
  enum { FILE_MAX_BYTES = 16 << 20 };
  char *text = malloc(FILE_MAX_BYTES + 1);
  size_t bytes = text ? fread(text, 1, FILE_MAX_BYTES, f) : 0;
  fclose(f);
  if (!text) return CAD_ENOMEM;
  text[bytes] = '\0';
  int line = 0, r = numbering_add(n, text, &line);
  free(text);
  if (r < 0 && err) fprintf(err, "%s:%d: a line must be \"prefix,Zone/One&Zone/Two\" or \"prefix,US-NY&US-NJ\"\n", path, line);
  return r;
}

static bool folder_there(const char *path) {
  struct stat st;
  return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* The site's own files lie beside the database. */
static void site_folder(const struct store_options *opt, const char *name, char out[512]) {
  const char *slash = opt->path ? strrchr(opt->path, '/') : NULL;
  if (slash)
    snprintf(out, 512, "%.*s/%s", (int)(slash - opt->path), opt->path, name);
  else
    out[0] = '\0';
}

static int load_packs(struct store *s, const struct store_options *opt, FILE *err) {
  char path[512];
  if (opt->rules_dir && !opt->rules_dir[0]) return CAD_OK;
  snprintf(path, sizeof path, "%s%s", opt->rules_dir ? opt->rules_dir : opt->share_dir, opt->rules_dir ? "" : "/rules");
  int r = packs_load(path, s->rules, err);
  if (r == CAD_ENOENT && err) fprintf(err, "%s: the folder of rule packs cannot be read\n", path);
  site_folder(opt, "rules", path);
  return r >= 0 && path[0] && folder_there(path) ? packs_load(path, s->rules, err) : r;
}

static int load_calendars(struct store *s, const struct store_options *opt, FILE *err) {
  char path[512];
  snprintf(path, sizeof path, "%s/calendars", opt->share_dir);
  int r = calendars_load(path, false, s->calendar, err);
  if (r == CAD_ENOENT && err) fprintf(err, "%s: the folder of calendars cannot be read\n", path);
  site_folder(opt, "calendars", path);
  if (r >= 0 && path[0] && folder_there(path)) r = calendars_load(path, true, s->calendar, err);
  calendar_ready(s->calendar);
  return r;
}

/* Which rules were in force since when: one row for each different file. */
int rulebook_log(struct store *s) {
  bool own;
  int err = store_enter(s, &own);
  if (err < 0) return err;
  for (int i = 0; s->rules && i < s->rules->pack_count && err >= 0; i++) {
    const struct pack *p = &s->rules->packs[i];
    err = db_run(&s->db, Q_PACK_LOG, "INSERT OR IGNORE INTO rule_pack VALUES(?,?,?,?,?)", "tudiu", p->name, p->hash, (int)p->version,
                 (int64_t)p->rules, (uint64_t)store_now(s).ms);
  }
  return store_leave(s, own, err);
}

int rulebook_load(struct store *s, const struct store_options *opt, FILE *err) {
  struct ruleset *old_rules = s->rules;
  struct calendar *old_calendar = s->calendar;
  s->rules = ruleset_create();
  s->calendar = calendar_create();
  int r = s->rules && s->calendar ? CAD_OK : CAD_ENOMEM;
  if (r >= 0 && !s->regions) {
    s->regions = numbering_create();
    r = s->regions ? load_numbering(s->regions, opt->share_dir, "prefix_regions.csv", true, err) : CAD_ENOMEM;
  }
  if (r >= 0) r = load_packs(s, opt, err);
  if (r >= 0) r = load_calendars(s, opt, err);
  if (r < 0 && old_rules) { /* a reload: all or nothing */
    ruleset_destroy(s->rules);
    calendar_destroy(s->calendar);
    s->rules = old_rules;
    s->calendar = old_calendar;
    return r;
  }
  ruleset_destroy(old_rules);
  calendar_destroy(old_calendar);
  s->law = (struct law){s->zones, s->rules, s->calendar};
  s->law_generation++;
  return r;
}

int store_law_reload(struct store *s, FILE *err) {
  struct store_options opt = {.path = s->db_path[0] ? s->db_path : NULL,
                              .share_dir = s->share_dir[0] ? s->share_dir : NULL,
                              .rules_dir = s->rules_given ? s->rules_dir : NULL};
  int r = opt.share_dir ? rulebook_load(s, &opt, err) : CAD_ENOSUP;
  return r < 0 ? r : rulebook_log(s);
}

void rulebook_free(struct store *s) {
  numbering_destroy(s->regions);
  ruleset_destroy(s->rules);
  calendar_destroy(s->calendar);
}
