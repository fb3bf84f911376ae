#include "store_internal.h"
#include "dialer/base/clock.h"
#include <campaigns/months.h>
#include <stdlib.h>
#include <string.h>

static int load_rules(struct store *s, const struct store_options *opt, FILE *err) {
  const char *zone_dir = opt->zone_dir ? opt->zone_dir : "/usr/share/zoneinfo";
  s->zones = zones_create(zone_dir);
  if (!s->zones) {
    if (err) fprintf(err, "%s: no time zones there; install the package tzdata\n", zone_dir);
    return CAD_ENOENT;
  }
  s->law.zones = s->zones;
  s->numbering = numbering_create();
  s->fact_room = calloc(1, sizeof *s->fact_room);
  if (!s->numbering || !s->fact_room) return CAD_ENOMEM;
  if (!opt->share_dir) return CAD_OK;
  int r = load_numbering(s->numbering, opt->share_dir, "prefix_zones.csv", true, err);
  if (r >= 0) r = load_numbering(s->numbering, opt->share_dir, "more_zones.csv", false, err);
  return r < 0 ? r : rulebook_load(s, opt, err);
}

/* What belongs to the records but is no table lies beside the database. */
static void state_folders(struct store *s, const struct store_options *opt) {
  const bool real = opt->path && !opt->key_seed; /* a simulated disk holds the database alone */
  const char *slash = opt->path ? strrchr(opt->path, '/') : NULL;
  if (real) snprintf(s->state_dir, sizeof s->state_dir, "%.*s", slash ? (int)(slash - opt->path) : 1, slash ? opt->path : ".");
  snprintf(s->db_path, sizeof s->db_path, "%s", opt->path ? opt->path : "");
  snprintf(s->share_dir, sizeof s->share_dir, "%s", opt->share_dir ? opt->share_dir : "");
  snprintf(s->rules_dir, sizeof s->rules_dir, "%s", opt->rules_dir ? opt->rules_dir : "");
  s->rules_given = opt->rules_dir != NULL;
  if (real) snprintf(s->lists_dir, sizeof s->lists_dir, "%s/dnc", s->state_dir);
}

int store_open(const struct store_options *opt, struct store **out, FILE *err) {
  struct store *s = calloc(1, sizeof *s);
  if (!s) return CAD_ENOMEM;
  s->ids.box = opt->box;
  s->contacts_max = opt->contacts_max;
  s->clock_trusted = true;
  int r = db_open(&s->db, opt->path, false, opt->fast, err);
  s->db.slow = (struct db_slow){.say = opt->slow, .arg = opt->slow_arg};
  if (r >= 0) r = schema_migrate(&s->db, err);
  if (r >= 0) r = lease_set_open(&s->leases);
  if (r >= 0) state_folders(s, opt);
  if (r >= 0) r = dnc_load(s);
  if (r >= 0) r = dnc_lists_load(s, err);
  if (r >= 0) r = suppression_load(s, s->state_dir, opt->key_seed, err);
  if (r >= 0) r = load_rules(s, opt, err);
  if (r >= 0) r = campaigns_load(s);
  if (r >= 0) r = lists_load(s);
  if (r >= 0) r = buckets_load(s);
  if (r >= 0) s->ids.last = store_last_id(s);
  s->chain.checkpoint_rows = opt->checkpoint_rows;
  if (r >= 0) r = chain_open(s, opt->path, opt->key_seed, err);
  if (r >= 0) r = store_recover(s);
  if (r >= 0 && opt->path && store_archive_waiting(s) > 0) { /* a crash between an erasure and the archives */
    r = archive_settle(opt->path, err);
    if (r >= 0) r = store_archive_settled(s);
  }
  if (r >= 0) r = rulebook_log(s);
  if (r < 0) {
    if (err && s->db.handle && s->db.last_code)
      fprintf(err, "%s: %s\n", opt->path ? opt->path : "in memory", sqlite3_errstr(s->db.last_code));
    store_close(s);
    return r;
  }
  *out = s;
  return CAD_OK;
}

int store_open_reader(const char *path, struct store **out, FILE *err) {
  struct store *s = calloc(1, sizeof *s);
  if (!s) return CAD_ENOMEM;
  s->reader = true;
  s->zones = zones_create("/usr/share/zoneinfo"); /* whose midnight it is; without it UTC */
  int r = db_open(&s->db, path, true, false, err);
  if (r < 0) {
    store_close(s);
    return r;
  }
  *out = s;
  return CAD_OK;
}

struct store *store_close(struct store *s) {
  if (!s) return NULL;
  if (s->db.handle) {
    if (s->db.in_tx) db_rollback(&s->db);
    wal_close(s);
    if (s->paced) (void)store_paced_flush(s, true);
    chain_close(s);
    db_close(&s->db);
  }
  lease_set_close(&s->leases);
  buckets_free(s);
  for (uint32_t i = 0; i < s->campaign_count; i++)
    free(s->campaigns[i].buckets), free(s->campaigns[i].set_verdicts), free(s->campaigns[i].openings);
  free(s->campaigns);
  zones_destroy(s->zones);
  numbering_destroy(s->numbering);
  rulebook_free(s);
  dnc_memory_close(&s->dnc);
  dnc_lists_free(s);
  free(s->fact_room);
  paced_free(s);
  free(s);
  return NULL;
}

void store_set_clock(struct store *s, struct wall now) { s->clock = now; }
void store_set_actor(struct store *s, const struct store_actor *who) { s->actor = who ? *who : (struct store_actor){0}; }
void store_clock_trusted(struct store *s, bool trusted) { s->clock_trusted = trusted; }
uint64_t store_last_id(struct store *s) {
  static const char *const TABLES[] = {"campaign",  "agent",  "list",       "person", "phone",   "work_case", "decision", "disposition",
                                       "agent_log", "seller", "import_log", "audit",  "erasure", "verdict",   "archive"};
  uint64_t last = 0;
  for (size_t i = 0; i < sizeof TABLES / sizeof TABLES[0]; i++) {
    char sql[64];
    sqlite3_stmt *q = NULL;
    const bool archived = strcmp(TABLES[i], "archive") == 0;
    snprintf(sql, sizeof sql, "SELECT max(%s) FROM %s", archived ? "last_id" : "id", TABLES[i]);
    if (sqlite3_prepare_v2(s->db.handle, sql, -1, &q, NULL) == SQLITE_OK && sqlite3_step(q) == SQLITE_ROW && col_u64(q, 0) > last)
      last = col_u64(q, 0);
    sqlite3_finalize(q);
  }
  return last > s->ids.last ? last : s->ids.last;
}

struct wall store_now(const struct store *s) {
  return s->clock.ms != 0 ? s->clock : clock_wall();
}

uint64_t store_id(struct store *s, struct wall at) { return id_next(&s->ids, at.ms != 0 ? at : store_now(s)); }

static int begin(struct store *s, bool bulk) {
  if (s->reader) return CAD_EREFUSED;
  if (s->db.in_tx) return CAD_EBUSY;
  int err = bulk ? db_begin_lax(&s->db) : db_begin(&s->db);
  if (err < 0) return err;
  for (uint32_t i = 0; i < s->campaign_count; i++) s->campaigns[i].open_at_begin = s->campaigns[i].open;
  s->contacts_at_begin = s->contacts;
  s->changes_at_begin = db_changes_in_all(&s->db);
  dnc_memory_begin(&s->dnc);
  memcpy(s->jobs_at_begin, s->jobs, sizeof s->jobs);
  chain_begin(&s->chain);
  return CAD_OK;
}

int store_begin(struct store *s) { return begin(s, false); }

/* What was undone in the file is undone in memory: counters go back, what the group made anew is read again,
 * and every bucket is looked at afresh. */
static void forget_group(struct store *s) {
  for (uint32_t i = 0; i < s->campaign_count; i++) {
    struct campaign_mem *c = &s->campaigns[i];
    c->open = c->open_at_begin;
    if (c->set_verdicts) memset(c->set_verdicts, 0, c->set_verdict_room); /* what was said may be undone: say it again */
  }
  s->contacts = s->contacts_at_begin;
  dnc_memory_undo(&s->dnc);
  tally_forget(s);
  chain_forget(&s->chain);
  memcpy(s->jobs, s->jobs_at_begin, sizeof s->jobs);
  s->drop = (struct drop_job){0};
  if (s->memory_stale) campaigns_load(s);
  lists_forget(s);
  if (s->memory_stale) buckets_load(s);
  s->memory_stale = false;
  for (uint32_t i = 0; i < s->bucket_count; i++) s->buckets[i].earliest_ms = 0;
}

int store_commit(struct store *s) {
  if (!s->db.in_tx) return CAD_EINVAL;
  tally_write(s); /* a failure spoils the transaction */
  lists_write(s);
  audit_write(s);
  chain_write(s);
  int err = db_commit(&s->db);
  if (err < 0) {
    forget_group(s);
    return err;
  }
  s->wrote = db_changes_in_all(&s->db) != s->changes_at_begin;
  s->memory_stale = false;
  for (uint32_t i = 0; i < s->campaign_count; i++) s->campaigns[i].open_written = s->campaigns[i].open;
  return err;
}

bool store_wrote(const struct store *s) { return s->wrote; }

void store_rollback(struct store *s) {
  if (!s->db.in_tx) return;
  db_rollback(&s->db);
  forget_group(s);
}

int store_enter(struct store *s, bool *own) {
  *own = !s->db.in_tx;
  return *own ? store_begin(s) : CAD_OK;
}

int store_enter_bulk(struct store *s, bool *own) {
  *own = !s->db.in_tx;
  return *own ? begin(s, true) : CAD_OK;
}

int store_leave(struct store *s, bool own, int err) {
  if (!own) return err;
  if (err < 0) {
    store_rollback(s);
    return err;
  }
  int committed = store_commit(s);
  return committed < 0 ? committed : err;
}

struct campaign_mem *store_campaign(struct store *s, uint64_t id) {
  for (uint32_t i = 0; i < s->campaign_count; i++)
    if (s->campaigns[i].def.terms.id == id) return &s->campaigns[i];
  return NULL;
}

struct campaign_mem *store_campaign_named(struct store *s, const char *name) {
  for (uint32_t i = 0; i < s->campaign_count; i++)
    if (strcmp(s->campaigns[i].def.terms.name, name) == 0) return &s->campaigns[i];
  return NULL;
}
