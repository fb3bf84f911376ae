/* What leases cost when the list is long: a campaign with ROWS contacts spread over every area code of the United States, all
 * shipped rule packs in force, a do-not-call list of DNC numbers. Rows are copied by SQL from a few thousand that the store itself
 * imported; then only the store's own functions are timed.
 *
 * Usage: cadencia_lease_bench FOLDER SHARE ROWS DNC. FOLDER is empty and has room (400 bytes a row); ROWS 0: it was filled
 * before. Prints JSON. */
#include <cadencia/err.h>
#include <campaigns/compliance.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { SEEDS = 5000, LEASE = 100, ROUNDS = 200, DAY_MS = 86400000 };
static const int64_t NOON_MS = 1794330000000;    /* Tuesday 2026-11-10 17:00 UTC: every continental state is open */
static const int64_t MORNING_MS = 1794319500000; /* the same day 14:05 UTC: nine in New York, six in Los Angeles */

static void must(int r, const char *what) {
  if (r >= 0) return;
  fprintf(stderr, "%s: %s\n", what, err_name(r));
  exit(1);
}
static double cpu_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}
static double resident_mb(void) {
  FILE *f = fopen("/proc/self/statm", "r");
  long pages = 0, resident = 0;
  if (f && fscanf(f, "%ld %ld", &pages, &resident) != 2) resident = 0;
  if (f) fclose(f);
  return (double)resident * (double)sysconf(_SC_PAGESIZE) / 1048576;
}

static void sql(sqlite3 *db, const char *text) {
  char *err = NULL;
  if (sqlite3_exec(db, text, NULL, NULL, &err) == SQLITE_OK) return;
  fprintf(stderr, "%s: %s\n", text, err);
  exit(1);
}

static struct store *open_store(const char *folder, const char *share) {
  char path[600];
  struct store *s = NULL;
  snprintf(path, sizeof path, "%s/cadencia.db", folder);
  struct store_options opt = {.path = path, .share_dir = share, .fast = true};
  must(store_open(&opt, &s, stderr), "open");
  return s;
}

/* Area codes as etc/numbering knows them, in the order of their numbers. */
static int area_codes(const char *share, unsigned out[1000]) {
  char path[600], line[4096];
  snprintf(path, sizeof path, "%s/numbering/prefix_regions.csv", share);
  FILE *f = fopen(path, "r");
  int n = 0;
  if (!f) must(CAD_ENOENT, path);
  while (n < 1000 && fgets(line, sizeof line, f)) {
    unsigned code;
    int used = 0;
    if (sscanf(line, "1%3u,US-%n", &code, &used) == 1 && used == 8 && code >= 200) out[n++] = code;
  }
  fclose(f);
  return n;
}

static void make_seed(struct store *s, const char *share) {
  struct campaign_def d = {.state = CAMPAIGN_RUNNING, .country = "US", .purpose = "survey", .trunk = "carrier", .seller = "acme"};
  unsigned codes[1000];
  int count = area_codes(share, codes);
  snprintf(d.terms.name, sizeof d.terms.name, "bench");
  d.terms.mode = PACING_PREDICTIVE;
  d.terms.limit_bp = 300;
  d.terms.ring_ms = 25000;
  d.terms.max_wait_ms = 2000;
  d.terms.caller_id = 12025550100;
  for (int i = 0; i < 7; i++) d.gate.hours.open[i] = 540, d.gate.hours.close[i] = 1260;
  d.gate.attempts_max = 3;
  d.gate.attempts_window_ms = DAY_MS;
  d.gate.countries[d.gate.country_count++] = region_parse("US");
  d.retry = (struct retry_table){.rules = {{OUTCOME_BUSY, 300000, 3}}, .count = 1};
  must(store_campaign_put(s, &d), "campaign");
  must(store_campaign_state(s, "bench", CAMPAIGN_RUNNING), "start");
  uint64_t job, seen;
  static struct contact_row rows[500];
  uint8_t result[500];
  must(store_import_begin(s, "bench", "list.csv", WALL_NONE, &job), "import");
  for (int i = 0; i < SEEDS;) {
    int k = 0;
    for (; k < 500 && i < SEEDS; k++, i++)
      rows[k] = (struct contact_row){.phone = 10000000000 + (uint64_t)codes[i % count] * 10000000 + 2000000 + (uint64_t)(i / count),
                                     .name = "Ana",
                                     .segment = (uint8_t)(i / count % 3)};
    must(store_begin(s), "begin");
    must(store_import_rows(s, job, rows, k, result), "rows");
    must(store_commit(s), "commit");
  }
  must(store_import_finish(s, job, &seen), "finish");
  fprintf(stderr, "%llu seeds of %d area codes\n", (unsigned long long)seen, count);
}

/* ROWS contacts in all. The first millions to be called are of zones west of New York, so that a morning finds them all closed. */
static void multiply(const char *folder, long rows) {
  char path[600], text[2000];
  sqlite3 *db;
  snprintf(path, sizeof path, "%s/cadencia.db", folder);
  if (sqlite3_open(path, &db) != SQLITE_OK) exit(1);
  sql(db, "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-400000; PRAGMA foreign_keys=OFF;"
          "DROP INDEX case_due; DROP INDEX case_phone; DROP INDEX phone_person;"
          "CREATE TEMP TABLE seed AS SELECT c.*, w.person AS person, b.zone_set IN (SELECT id FROM zone_set WHERE"
          " zones NOT LIKE '%New_York%') AS west, row_number() OVER () - 1 AS n"
          " FROM case_state c JOIN work_case w ON w.id=c.case_id JOIN bucket b ON b.id=c.bucket;"
          "CREATE TEMP TABLE copies(k INTEGER PRIMARY KEY);");
  long each = rows / SEEDS;
  snprintf(text, sizeof text,
           "WITH RECURSIVE g(k) AS (SELECT 1 UNION ALL SELECT k+1 FROM g WHERE k<%ld) INSERT INTO copies SELECT k FROM g;"
           "INSERT INTO person SELECT s.person+k*16777216, s.seller, (SELECT id FROM list), 'Ana', NULL, NULL, 1 FROM copies, seed s;"
           "INSERT INTO phone SELECT s.phone_id+k*16777216, s.seller, s.person+k*16777216, (SELECT id FROM list), s.phone+k*20 FROM copies,"
           " seed s;"
           "INSERT INTO work_case SELECT s.case_id+k*16777216, s.seller, s.person+k*16777216, (SELECT id FROM list), NULL, NULL, 1 FROM"
           " copies, seed s;",
           each - 1);
  sql(db, text);
  snprintf(text, sizeof text,
           "INSERT INTO case_state(case_id, campaign, seller, phone_id, phone, bucket, status, next_at, tries, numbers)"
           " SELECT s.case_id+k*16777216, s.campaign, s.seller, s.phone_id+k*16777216, s.phone+k*20, s.bucket, 0,"
           " CASE WHEN s.west THEN 1 ELSE 2000000 END + k*%d + s.n, 0, 1 FROM copies, seed s;"
           "CREATE INDEX case_due ON case_state(bucket, next_at, case_id, status) WHERE status=0;"
           "CREATE UNIQUE INDEX case_phone ON case_state(phone, campaign); CREATE INDEX phone_person ON phone(person);"
           "UPDATE list SET added=(SELECT count(*) FROM case_state); UPDATE standing SET open=(SELECT count(*) FROM case_state);"
           "ANALYZE;",
           SEEDS);
  sql(db, text);
  sqlite3_stmt *q;
  if (sqlite3_prepare_v2(db,
                         "SELECT count(*), (SELECT count(*) FROM bucket), (SELECT count(*) FROM zone_set), sum(next_at<2000000) FROM"
                         " case_state",
                         -1, &q, NULL) == SQLITE_OK &&
      sqlite3_step(q) == SQLITE_ROW)
    fprintf(stderr, "%lld contacts in %lld buckets of %lld zone sets; the first %lld are west of New York\n",
            (long long)sqlite3_column_int64(q, 0), (long long)sqlite3_column_int64(q, 1), (long long)sqlite3_column_int64(q, 2),
            (long long)sqlite3_column_int64(q, 3));
  sqlite3_finalize(q);
  sqlite3_close(db);
}

static void load_dnc(struct store *s, long count) {
  char path[600], list_folder[512];
  uint64_t *numbers = malloc((size_t)count * sizeof *numbers);
  if (!numbers) exit(1);
  for (long i = 0; i < count; i++) numbers[i] = 12010000000ull + (uint64_t)((unsigned long)i * 2654435761u % 7990000000ul);
  must(store_dnc_list_folder(s, list_folder), "folder");
  snprintf(path, sizeof path, "%s/bench.tmp.set", list_folder);
  int64_t n = store_dnc_list_write(numbers, (size_t)count, path);
  must(n < 0 ? (int)n : 0, "set");
  struct dnc_list l = {.name = "US-DNC", .registry = true, .scope = "global", .as_of = {NOON_MS - DAY_MS}};
  must(store_dnc_list_adopt(s, &l, path), "adopt");
  struct dnc_list own = {.name = "OWN", .scope = "global", .as_of = {NOON_MS - DAY_MS}};
  for (long i = 0; i < count; i++) numbers[i] = 12010000000ull + (uint64_t)((unsigned long)i * 2246822519u % 7990000000ul);
  n = store_dnc_list_write(numbers, (size_t)count, path);
  must(n < 0 ? (int)n : 0, "set");
  free(numbers);
  must(store_dnc_list_adopt(s, &own, path), "adopt");
}

static int by_size(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* ROUNDS times LEASE contacts at that time, kept for a while or given back at once. Prints the CPU of one request. */
static void time_leases(struct store *s, const char *name, int64_t at_ms, bool keep, uint64_t campaign) {
  enum { HELD = 4 }; /* rounds: what a floor keeps at hand */
  static double took[ROUNDS];
  static struct lease held[HELD][LEASE];
  static int held_count[HELD];
  struct mail_store_lease_end end;
  long given = 0;
  struct now now = {.mono = {1000000}, .wall = {at_ms}};
  for (int i = 0; i < ROUNDS; i++) {
    now.mono.ms += 500, now.wall.ms += 500;
    store_set_clock(s, now.wall);
    struct mail_store_want want = {campaign, LEASE};
    struct lease *out = held[i % HELD];
    for (int k = 0; k < held_count[i % HELD]; k++) store_lease_drop(s, &out[k]);
    held_count[i % HELD] = 0;
    double from = cpu_us();
    must(store_begin(s), "begin");
    int n = store_lease(s, &want, now, out, &end);
    must(store_commit(s), "commit");
    took[i] = cpu_us() - from;
    must(n, "lease");
    given += n;
    for (int k = 0; k < n && !keep; k++) store_lease_drop(s, &out[k]);
    held_count[i % HELD] = keep ? n : 0;
  }
  double first = took[0];
  qsort(took, ROUNDS, sizeof took[0], by_size);
  printf("  \"%s\": {\"given\": %ld, \"first_ms\": %.2f, \"p50_ms\": %.2f, \"p99_ms\": %.2f, \"max_ms\": %.2f},\n", name, given,
         first / 1e3, took[ROUNDS / 2] / 1e3, took[ROUNDS * 99 / 100] / 1e3, took[ROUNDS - 1] / 1e3);
}

static void time_dnc(struct store *s, uint64_t campaign) {
  enum { CHECKS = 1000000 };
  int hits = 0;
  double from = cpu_us();
  for (long i = 0; i < CHECKS; i++) hits += store_dnc_has(s, 12010000000ull + (uint64_t)i * 7919 % 7990000000ull, campaign);
  double own = (cpu_us() - from) / CHECKS;
  struct gate_registry registries[GATE_REGISTRIES_MAX];
  from = cpu_us();
  for (long i = 0; i < CHECKS; i++) {
    int n = store_registries(s, 12010000000ull + (uint64_t)i * 104729 % 7990000000ull, registries);
    for (int k = 0; k < n; k++) hits += registries[k].listed;
  }
  printf("  \"dnc_check_us\": %.3f, \"registry_check_us\": %.3f, \"hits\": %d,\n", own, (cpu_us() - from) / CHECKS, hits);
}

int main(int argc, char **argv) {
  if (argc != 5) return fprintf(stderr, "usage: %s FOLDER SHARE ROWS DNC\n", argv[0]), 2;
  const char *folder = argv[1], *share = argv[2];
  struct store *s = open_store(folder, share);
  if (atol(argv[3]) > 0) {
    store_set_clock(s, (struct wall){NOON_MS});
    make_seed(s, share);
    s = store_close(s);
    multiply(folder, atol(argv[3]));
  } else {
    s = store_close(s);
  }
  double from = cpu_us(), before = resident_mb();
  s = open_store(folder, share);
  printf("{\n  \"open_s\": %.2f, \"resident_mb\": %.1f,\n", (cpu_us() - from) / 1e6, resident_mb() - before);
  struct campaign_def d;
  store_set_clock(s, (struct wall){NOON_MS});
  load_dnc(s, atol(argv[4]));
  must(store_campaign_get(s, "bench", &d), "campaign");
  time_dnc(s, d.terms.id);
  time_leases(s, "first_million_closed", MORNING_MS, false, d.terms.id);
  time_leases(s, "all_open", NOON_MS, false, d.terms.id);
  time_leases(s, "all_open_leases_kept", NOON_MS + 3600000, true, d.terms.id);
  static struct why_campaign w;
  struct why_work *work = NULL;
  double marks[4] = {cpu_us()};
  must(store_why_begin(s, "bench", (struct wall){MORNING_MS}, &work), "why");
  marks[1] = cpu_us();
  must(store_why_count(s, work), "why"); /* a command does this on a connection of its own */
  marks[2] = cpu_us();
  must(store_why_end(s, work, &w), "why");
  marks[3] = cpu_us();
  store_why_free(work);
  printf("  \"why_campaign\": {\"in_store_ms\": %.1f, \"beside_it_s\": %.2f, \"dialable\": %llu},\n  \"rows\": %llu\n}\n",
         (marks[1] - marks[0] + marks[3] - marks[2]) / 1e3, (marks[2] - marks[1]) / 1e6, (unsigned long long)w.dialable,
         (unsigned long long)w.contacts);
  store_close(s);
  return 0;
}
