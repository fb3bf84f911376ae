#include "store_internal.h"
#include "dialer/base/clock.h"
#include <campaigns/report.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define OUTCOMES                                                                                                                           \
  "machines messages_left screened faxes dead_air no_answer busy rejected unwanted blocked invalid_numbers congestion cancelled failed "   \
  "interrupted"
static const struct report_kind KINDS[] = {
    {"outbound", "Outbound summary", "Resumen de salientes", "Campaign", "Campaña",
     "dials answered answer_rate human human_rate connected right_party rpc_rate conversions conversion_rate live abandoned abandonment "
     "early_hangups "
     "aht talk_avg wrapup_avg connect_wait " OUTCOMES,
     NULL, "For the manager and the client: each campaign, what became of its calls."},
    {"hourly", "By hour (UTC)", "Por hora (UTC)", "Hour", "Hora",
     "dials answered answer_rate human human_rate connected right_party conversions live abandoned abandonment aht", NULL,
     "For the supervisor: each hour of the period."},
    {"best_time", "Contact rate by weekday, hour (UTC) and prefix", "Contactabilidad por día, hora (UTC) y prefijo", "Day hour prefix",
     "Día hora prefijo", "dials human human_rate answered answer_rate", "human_rate",
     "For the manager: when people of which region answer."},
    {"agents", "Agent time", "Tiempos de agentes", "Agent", "Agente",
     "connected talking_ms waiting_ms wrapping_ms paused_ms logged_in_ms occupancy utilisation aht talk_avg wrapup_avg right_party "
     "rpc_per_hour "
     "conversions sales_per_hour conversion_rate agent_machines",
     NULL, "For the supervisor: how each agent's time went, and what came of it."},
    {"pauses", "Pauses by reason", "Pausas por motivo", "Agent reason", "Agente motivo", "paused_ms", NULL,
     "For the supervisor: what each agent's pauses were for."},
    {"lists", "List penetration", "Barrido de listas", "List", "Lista",
     "leads tried penetration reached reached_rate finished finished_rate attempts_per_lead", NULL,
     "For the manager: how far each list is used up."},
    {"inbound", "Inbound service level", "Nivel de servicio de entrantes", "Campaign", "Campaña",
     "offered in_answered in_abandoned asa wait_avg longest_wait wait_to_abandon service_level service_level_offered service_level_all "
     "service_level_answered "
     "in_abandonment in_abandonment_raw",
     NULL, "For the supervisor: who called us, and how long they waited."},
    {"detector", "Detector: machines that reached agents", "Detector: contestadores que llegaron a agentes", "Campaign", "Campaña",
     "connected agent_machines agent_machine_rate machines messages_left machines_labelled people_lost people_lost_rate",
     "agent_machine_rate people_lost_rate",
     "For compliance: what screening let through, by what the agents said, and whom it took for machines, by those who listened."},
    {"trunks", "Trunk health", "Salud de troncales", "Trunk", "Troncal",
     "dials answered asr ner pdd acd busy no_answer rejected unwanted blocked blocked_rate invalid_numbers congestion failed", NULL,
     "For the administrator: what each carrier does with our calls."},
    {"numbers", "Calling-number health", "Salud de números de salida", "Number trunk prefix", "Número troncal prefijo",
     "dials answered answer_rate human_rate rejected unwanted blocked blocked_rate", "answer_rate",
     "For the manager: which calling numbers people and networks turn away, on which trunk, where."},
};

const struct report_kind *report_kinds(size_t *count) {
  *count = sizeof KINDS / sizeof KINDS[0];
  return KINDS;
}

static const struct report_kind *kind_find(const char *name) {
  for (size_t i = 0; i < sizeof KINDS / sizeof KINDS[0]; i++)
    if (strcmp(KINDS[i].name, name) == 0) return &KINDS[i];
  return NULL;
}

/* ---- keys ---- */

/* The part of a number that says where it is: 1 and the area code in North America, else four digits. */
static uint64_t prefix_of(uint64_t phone) {
  while (phone > 9999) phone /= 10;
  return phone;
}

bool report_key(const char *kind, const struct call_row *r, char key[96]) {
  char at[25];
  bool inbound = strcmp(kind, "inbound") == 0;
  if (inbound != r->inbound && strcmp(kind, "agents") != 0) return false;
  clock_iso8601(r->started, at);
  if (strcmp(kind, "hourly") == 0) {
    snprintf(key, 96, "%.10s %.2s:00", at, at + 11);
  } else if (strcmp(kind, "best_time") == 0) {
    static const char *const DAYS[] = {"4 Thu", "5 Fri", "6 Sat", "7 Sun", "1 Mon", "2 Tue", "3 Wed"};
    snprintf(key, 96, "%s %.2s %llu", DAYS[r->started.ms / 86400000 % 7], at + 11, (unsigned long long)prefix_of(r->phone));
  } else if (strcmp(kind, "agents") == 0) {
    if (!r->agent[0]) return false;
    snprintf(key, 96, "%s", r->agent);
  } else if (strcmp(kind, "trunks") == 0) {
    snprintf(key, 96, "%s", r->trunk);
  } else if (strcmp(kind, "numbers") == 0) {
    snprintf(key, 96, "%llu %s %llu", (unsigned long long)r->caller_id, r->trunk, (unsigned long long)prefix_of(r->phone));
  } else {
    snprintf(key, 96, "%s", r->campaign);
  }
  return true;
}

/* ---- lines ---- */

struct fold {
  struct report *report;
  const char *kind;
  uint32_t *slots; /* hash of keys: index + 1 */
  size_t slot_count;
  struct report_line *last;
};

static uint64_t hash_text(const char *text) {
  uint64_t h = 1469598103934665603u;
  for (; *text; text++) h = (h ^ (unsigned char)*text) * 1099511628211u;
  return h;
}

static int grow_slots(struct fold *f) {
  size_t count = f->slot_count ? f->slot_count * 2 : 256;
  uint32_t *slots = calloc(count, sizeof *slots);
  if (!slots) return CAD_ENOMEM;
  for (size_t i = 0; i < f->report->count; i++) {
    size_t at = hash_text(f->report->lines[i].key) & (count - 1);
    while (slots[at]) at = (at + 1) & (count - 1);
    slots[at] = (uint32_t)i + 1;
  }
  free(f->slots);
  f->slots = slots;
  f->slot_count = count;
  return CAD_OK;
}

static int new_line(struct fold *f, const char *key, struct report_line **out) {
  struct report *r = f->report;
  if (r->count == r->room) {
    size_t room = r->room ? r->room * 2 : 64;
    struct report_line *bigger = realloc(r->lines, room * sizeof *bigger);
    if (!bigger) return CAD_ENOMEM;
    r->lines = bigger;
    r->room = room;
  }
  *out = &r->lines[r->count++];
  memset(*out, 0, sizeof **out);
  snprintf((*out)->key, sizeof(*out)->key, "%s", key);
  return r->count * 2 > f->slot_count ? grow_slots(f) : CAD_OK;
}

static int line_of(struct fold *f, const char *key, struct report_line **out) {
  if (f->last && strcmp(f->last->key, key) == 0) {
    *out = f->last;
    return CAD_OK;
  }
  if (f->slot_count == 0 && grow_slots(f) < 0) return CAD_ENOMEM;
  size_t at = hash_text(key) & (f->slot_count - 1);
  for (; f->slots[at]; at = (at + 1) & (f->slot_count - 1))
    if (strcmp(f->report->lines[f->slots[at] - 1].key, key) == 0) {
      *out = f->last = &f->report->lines[f->slots[at] - 1];
      return CAD_OK;
    }
  f->slots[at] = (uint32_t)f->report->count + 1;
  int r = new_line(f, key, out);
  f->last = r < 0 ? NULL : *out;
  return r;
}

static void gather(int64_t to[MEASURE_COUNT], const int64_t m[MEASURE_COUNT]) {
  for (int i = 0; i < MEASURE_COUNT; i++)
    if (i != M_IN_LONGEST_MS)
      to[i] += m[i];
    else if (m[i] > to[i])
      to[i] = m[i];
}

static int add(struct fold *f, const char *key, const int64_t m[MEASURE_COUNT]) {
  struct report_line *line;
  int r = line_of(f, key, &line);
  if (r >= 0) gather(line->m, m);
  return r;
}

static int fold_call(void *arg, const struct call_row *r) {
  struct fold *f = arg;
  char key[96];
  int64_t m[MEASURE_COUNT];
  if (!report_key(f->kind, r, key)) return CAD_OK;
  measure_call(r, m);
  return add(f, key, m);
}

bool report_agent_key(const char *kind, const struct agent_row *r, char key[96]) {
  const bool pauses = strcmp(kind, "pauses") == 0;
  if (!pauses && strcmp(kind, "agents") != 0) return false;
  if (pauses && r->state != AGENT_PAUSED) return false;
  if (pauses)
    snprintf(key, 96, "%s %s", r->agent, r->reason[0] ? r->reason : "-");
  else
    snprintf(key, 96, "%s", r->agent);
  return true;
}

static int fold_agent(void *arg, const struct agent_row *r) {
  struct fold *f = arg;
  int64_t m[MEASURE_COUNT];
  char key[96];
  if (!report_agent_key(f->kind, r, key)) return CAD_OK;
  measure_agent(r, m);
  return add(f, key, m);
}

/* Contacts are counted by the database: ten million rows need not pass through here. A contact was reached when a call of
 * it was human; the set of those comes from the calls. */
struct reached {
  uint64_t *cases;
  size_t count, room;
};
static int note_reached(void *arg, const struct call_row *r) {
  struct reached *s = arg;
  int64_t m[MEASURE_COUNT];
  measure_call(r, m);
  if (!m[M_HUMAN]) return CAD_OK;
  if (s->count == s->room) {
    size_t room = s->room ? s->room * 2 : 1024;
    uint64_t *bigger = realloc(s->cases, room * sizeof *bigger);
    if (!bigger) return CAD_ENOMEM;
    s->cases = bigger;
    s->room = room;
  }
  s->cases[s->count++] = r->contact_id;
  return CAD_OK;
}
static int by_id(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return x < y ? -1 : x > y;
}

int report_contacts_each(struct store *s, const struct call_filter *f, int (*fn)(void *arg, const struct contact_line *r), void *arg) {
  struct reached reached = {0};
  struct call_filter calls = {.campaign = f->campaign};
  sqlite3_stmt *q = NULL;
  int r = store_calls_each(s, &calls, note_reached, &reached), code = SQLITE_DONE;
  if (reached.count) qsort(reached.cases, reached.count, sizeof *reached.cases, by_id);
  if (r >= 0 && sqlite3_prepare_v2(s->db.handle,
                                   "SELECT l.id, l.file, c.case_id, c.tries, c.status, c.phone, n.name FROM list l JOIN campaign n ON"
                                   " n.id=l.campaign JOIN bucket b ON b.list=l.id JOIN case_state c ON c.bucket=b.id WHERE l.state=1 AND"
                                   " (?1 IS NULL OR n.name=?1)",
                                   -1, &q, NULL) != SQLITE_OK)
    r = CAD_EIO;
  if (r >= 0) sqlite3_bind_text(q, 1, f->campaign, -1, SQLITE_STATIC);
  while (r >= 0 && (code = sqlite3_step(q)) == SQLITE_ROW) {
    const int64_t phone = sqlite3_column_int64(q, 5); /* of one who was erased: below 0 */
    struct contact_line l = {.list_id = col_u64(q, 0),
                             .list = (const char *)sqlite3_column_text(q, 1),
                             .contact_id = col_u64(q, 2),
                             .tries = sqlite3_column_int64(q, 3),
                             .done = sqlite3_column_int(q, 4) == CASE_DONE,
                             .phone = phone > 0 ? (uint64_t)phone : 0,
                             .campaign = (const char *)sqlite3_column_text(q, 6)};
    l.reached = reached.count && bsearch(&l.contact_id, reached.cases, reached.count, sizeof l.contact_id, by_id) != NULL;
    r = fn(arg, &l);
  }
  if (r >= 0 && code != SQLITE_DONE) r = CAD_EIO;
  sqlite3_finalize(q);
  free(reached.cases);
  return r < 0 ? r : CAD_OK;
}

void report_contact_key(const struct contact_line *r, char key[96]) {
  snprintf(key, 96, "%llu %.60s", (unsigned long long)r->list_id, r->list ? r->list : "");
}

void measure_contact(const struct contact_line *r, int64_t m[MEASURE_COUNT]) {
  memset(m, 0, MEASURE_COUNT * sizeof *m);
  m[M_LEADS] = 1;
  m[M_LIST_ATTEMPTS] = r->tries;
  m[M_TRIED] = r->tries > 0;
  m[M_FINISHED] = r->done;
  m[M_REACHED] = r->reached;
}

static int fold_contact(void *arg, const struct contact_line *r) {
  int64_t m[MEASURE_COUNT];
  char key[96];
  report_contact_key(r, key);
  measure_contact(r, m);
  return add(arg, key, m);
}

static int by_key(const void *a, const void *b) {
  return strcmp(((const struct report_line *)a)->key, ((const struct report_line *)b)->key);
}

int report_make(struct store *s, const char *kind, const struct call_filter *f, struct report *out) {
  struct report report = {.kind = kind_find(kind)};
  struct fold fold = {.report = &report, .kind = kind};
  if (!report.kind) return CAD_ENOENT;
  bool lists = strcmp(kind, "lists") == 0, agents = strcmp(kind, "agents") == 0, pauses = strcmp(kind, "pauses") == 0;
  int r = pauses ? CAD_OK : lists ? report_contacts_each(s, f, fold_contact, &fold) : store_calls_each(s, f, fold_call, &fold);
  if (pauses) r = store_agent_rows_each(s, f, fold_agent, &fold);
  if (r >= 0 && agents) r = store_agent_rows_each(s, f, fold_agent, &fold);
  if (r >= 0) {
    if (report.count) qsort(report.lines, report.count, sizeof *report.lines, by_key);
    int64_t total[MEASURE_COUNT] = {0};
    for (size_t i = 0; i < report.count; i++) gather(total, report.lines[i].m);
    struct report_line *line;
    r = new_line(&fold, "", &line);
    if (r >= 0) memcpy(line->m, total, sizeof total);
  }
  free(fold.slots);
  if (r < 0)
    free(report.lines);
  else
    *out = report;
  return r < 0 ? r : CAD_OK;
}

void report_free(struct report *r) {
  free(r->lines);
  *r = (struct report){0};
}

void wilson_bp(int64_t k, int64_t n, int64_t *low, int64_t *high) {
  *low = 0;
  *high = 10000;
  if (n <= 0) return;
  const double z = 1.959963984540054, z2 = z * z;
  double p = (double)k / (double)n, m = (double)n;
  double centre = p + z2 / (2 * m), half = z * sqrt(p * (1 - p) / m + z2 / (4 * m * m)), scale = 1 + z2 / m;
  double lower = (centre - half) / scale, upper = (centre + half) / scale;
  *low = (int64_t)floor(10000 * (lower < 0 ? 0 : lower) + 0.5);
  *high = (int64_t)floor(10000 * (upper > 1 ? 1 : upper) + 0.5);
}
