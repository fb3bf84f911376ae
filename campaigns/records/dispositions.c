/* The codes of the field, and those that a campaign or the box adds. Source of the field's codes and flags: the statuses that
 * ViciDial ships, with its quirks mended (a sale is a contact with the right party, AA is a machine). */
#include "store_internal.h"
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const char *const CATEGORIES[] = {"no_contact", "machine", "contact",    "right_party", "conversion",
                                         "callback",   "opt_out", "unworkable", "abandoned",   "technical"};
static const char *const EFFECTS[] = {"labels", "finishes", "opts_out", "calls_back", "retries"};
static const char *const SCOPES[] = {"seller", "campaign", "global"};
_Static_assert(sizeof CATEGORIES / sizeof CATEGORIES[0] == CATEGORY_COUNT, "a word for every category");
_Static_assert(sizeof EFFECTS / sizeof EFFECTS[0] == EFFECT_COUNT, "a word for every effect");
_Static_assert(sizeof SCOPES / sizeof SCOPES[0] == OPT_OUT_SCOPE_COUNT, "a word for every scope");

static int word_of(const char *const *words, int n, const char *word) {
  for (int i = 0; i < n; i++)
    if (word && strcmp(words[i], word) == 0) return i;
  return CAD_EINVAL;
}
const char *disposition_category_name(enum disposition_category c) { return (unsigned)c < CATEGORY_COUNT ? CATEGORIES[c] : "?"; }
int disposition_category_parse(const char *word) { return word_of(CATEGORIES, CATEGORY_COUNT, word); }
const char *disposition_effect_name(enum disposition_effect e) { return (unsigned)e < EFFECT_COUNT ? EFFECTS[e] : "?"; }
int disposition_effect_parse(const char *word) { return word_of(EFFECTS, EFFECT_COUNT, word); }
const char *opt_out_scope_name(enum opt_out_scope s) { return (unsigned)s < OPT_OUT_SCOPE_COUNT ? SCOPES[s] : "?"; }
int opt_out_scope_parse(const char *word) { return word_of(SCOPES, OPT_OUT_SCOPE_COUNT, word); }

/* code, name, category, effect, outcome whose retry rule holds, set by agents, human, right party, conversion */
struct field_code {
  const char *code, *name;
  uint8_t category, effect, as;
  bool agents, human, right_party, conversion;
};
static const struct field_code FIELD[] = {
    {"SALE", "sale", CATEGORY_CONVERSION, EFFECT_FINISHES, 0, true, true, true, true},
    {"NI", "not interested", CATEGORY_RIGHT_PARTY, EFFECT_FINISHES, 0, true, true, true, false},
    {"DEC", "declined the sale", CATEGORY_RIGHT_PARTY, EFFECT_FINISHES, 0, true, true, true, false},
    {"NP", "no pitch, no price", CATEGORY_CONTACT, EFFECT_FINISHES, 0, true, true, false, false},
    {"XFER", "transferred to a closer", CATEGORY_RIGHT_PARTY, EFFECT_FINISHES, 0, true, true, true, false},
    {"CALLBK", "call back", CATEGORY_CALLBACK, EFFECT_CALLS_BACK, 0, true, true, true, false},
    {"DNC", "do not call", CATEGORY_OPT_OUT, EFFECT_OPTS_OUT, 0, true, true, false, false},
    {"A", "answering machine", CATEGORY_MACHINE, EFFECT_RETRIES, OUTCOME_MACHINE, true, false, false, false},
    {"AA", "answering machine, found by the system", CATEGORY_MACHINE, EFFECT_RETRIES, OUTCOME_MACHINE, true, false, false, false},
    {"LM", "left a message", CATEGORY_MACHINE, EFFECT_RETRIES, OUTCOME_MESSAGE_LEFT, true, false, false, false},
    {"B", "busy", CATEGORY_NO_CONTACT, EFFECT_RETRIES, OUTCOME_BUSY, true, false, false, false},
    {"N", "no answer", CATEGORY_NO_CONTACT, EFFECT_RETRIES, OUTCOME_NO_ANSWER, true, false, false, false},
    {"DAIR", "dead air", CATEGORY_TECHNICAL, EFFECT_RETRIES, OUTCOME_DEAD_AIR, true, false, false, false},
    {"FAX", "fax", CATEGORY_UNWORKABLE, EFFECT_RETRIES, OUTCOME_FAX, true, false, false, false},
    {"DC", "disconnected number", CATEGORY_UNWORKABLE, EFFECT_FINISHES, 0, true, false, false, false},
    {"WN", "wrong number", CATEGORY_CONTACT, EFFECT_FINISHES, 0, true, true, false, false},
    {"PTP", "promise to pay", CATEGORY_CONVERSION, EFFECT_FINISHES, 0, true, true, true, true},
    {"BPTP", "broken promise", CATEGORY_RIGHT_PARTY, EFFECT_LABELS, 0, true, true, true, false},
    {"PAID", "paid", CATEGORY_CONVERSION, EFFECT_FINISHES, 0, true, true, true, true},
    {"DISP", "disputes the debt", CATEGORY_RIGHT_PARTY, EFFECT_FINISHES, 0, true, true, true, false},
    {"RPC-NP", "right party, no promise", CATEGORY_RIGHT_PARTY, EFFECT_LABELS, 0, true, true, true, false},
    {"TPC", "third party", CATEGORY_CONTACT, EFFECT_LABELS, 0, true, true, false, false},
    {"ATTY", "represented by an attorney", CATEGORY_UNWORKABLE, EFFECT_FINISHES, 0, true, true, true, false},
    {"BK", "bankruptcy", CATEGORY_UNWORKABLE, EFFECT_FINISHES, 0, true, true, true, false},
    {"DECEASD", "deceased", CATEGORY_UNWORKABLE, EFFECT_FINISHES, 0, true, true, false, false},
    {"COMPL", "survey complete", CATEGORY_CONVERSION, EFFECT_FINISHES, 0, true, true, true, true},
    {"PART", "survey partial", CATEGORY_RIGHT_PARTY, EFFECT_FINISHES, 0, true, true, true, false},
    {"REFUSE", "survey refused", CATEGORY_RIGHT_PARTY, EFFECT_FINISHES, 0, true, true, true, false},
    {"BRKOFF", "survey broken off", CATEGORY_RIGHT_PARTY, EFFECT_LABELS, 0, true, true, true, false},
    {"INELIG", "not eligible", CATEGORY_CONTACT, EFFECT_FINISHES, 0, true, true, false, false},
    /* what the system saw by itself */
    {"AB", "busy", CATEGORY_NO_CONTACT, EFFECT_LABELS, 0, false, false, false, false},
    {"NA", "no answer", CATEGORY_NO_CONTACT, EFFECT_LABELS, 0, false, false, false, false},
    {"AFAX", "fax", CATEGORY_UNWORKABLE, EFFECT_LABELS, 0, false, false, false, false},
    {"ADAIR", "dead air", CATEGORY_TECHNICAL, EFFECT_LABELS, 0, false, false, false, false},
    {"ADC", "disconnected number, told by the carrier", CATEGORY_UNWORKABLE, EFFECT_LABELS, 0, false, false, false, false},
    {"ADCT", "congestion", CATEGORY_TECHNICAL, EFFECT_LABELS, 0, false, false, false, false},
    {"DROP", "answered, no agent in time", CATEGORY_ABANDONED, EFFECT_LABELS, 0, false, true, false, false},
    {"PDROP", "hung up at once after the answer", CATEGORY_NO_CONTACT, EFFECT_LABELS, 0, false, true, false, false},
    {"DNCL", "on a do-not-call list", CATEGORY_OPT_OUT, EFFECT_LABELS, 0, false, false, false, false},
    {"DNCC", "on the campaign's do-not-call list", CATEGORY_OPT_OUT, EFFECT_LABELS, 0, false, false, false, false},
    {"ERI", "the system failed", CATEGORY_TECHNICAL, EFFECT_LABELS, 0, false, false, false, false},
    {"AL", "answering machine, a recorded message was left", CATEGORY_MACHINE, EFFECT_LABELS, 0, false, false, false, false},
};
enum { FIELD_COUNT = sizeof FIELD / sizeof FIELD[0] };

const char *disposition_of_outcome(enum outcome o) {
  static const char *const CODES[OUTCOME_COUNT] = {[OUTCOME_NONE] = "",           [OUTCOME_CONNECTED] = "",
                                                   [OUTCOME_ABANDONED] = "DROP",  [OUTCOME_EARLY_HANGUP] = "PDROP",
                                                   [OUTCOME_MACHINE] = "AA",      [OUTCOME_SCREENING] = "AA",
                                                   [OUTCOME_FAX] = "AFAX",        [OUTCOME_DEAD_AIR] = "ADAIR",
                                                   [OUTCOME_NO_ANSWER] = "NA",    [OUTCOME_BUSY] = "AB",
                                                   [OUTCOME_REJECTED] = "AB",     [OUTCOME_UNWANTED] = "DNCL",
                                                   [OUTCOME_BLOCKED] = "ADCT",    [OUTCOME_INVALID_NUMBER] = "ADC",
                                                   [OUTCOME_CONGESTION] = "ADCT", [OUTCOME_CANCELLED] = "NA",
                                                   [OUTCOME_FAILED] = "NA",       [OUTCOME_INTERRUPTED] = "ERI",
                                                   [OUTCOME_MESSAGE_LEFT] = "AL"};
  return (unsigned)o < OUTCOME_COUNT ? CODES[o] : "";
}

static void from_field(const struct field_code *f, struct disposition_def *out) {
  *out = (struct disposition_def){.category = f->category,
                                  .effect = f->effect,
                                  .as = f->as,
                                  .agents = f->agents,
                                  .human = f->human,
                                  .right_party = f->right_party,
                                  .conversion = f->conversion};
  snprintf(out->code, sizeof out->code, "%s", f->code);
  snprintf(out->name, sizeof out->name, "%s", f->name);
}

/* ---- own codes: kept as JSON ---- */

static char *to_json(const struct disposition_def *d) {
  json_t *j = json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:b,s:b,s:b,s:b}", "name", d->name, "fields", d->fields, "alias", d->alias,
                        "category", disposition_category_name((enum disposition_category)d->category), "effect",
                        disposition_effect_name((enum disposition_effect)d->effect), "as", outcome_name((enum outcome)d->as), "scope",
                        opt_out_scope_name((enum opt_out_scope)d->scope), "agents", d->agents, "human", d->human, "right_party",
                        d->right_party, "conversion", d->conversion);
  char *text = j ? json_dumps(j, JSON_COMPACT) : NULL;
  json_decref(j);
  return text;
}

static int from_json(const char *code, const char *text, struct disposition_def *out) {
  json_t *j = json_loads(text, 0, NULL);
  const char *name = json_string_value(json_object_get(j, "name")), *alias = json_string_value(json_object_get(j, "alias"));
  int category = disposition_category_parse(json_string_value(json_object_get(j, "category")));
  int effect = disposition_effect_parse(json_string_value(json_object_get(j, "effect")));
  int scope = opt_out_scope_parse(json_string_value(json_object_get(j, "scope")));
  const char *as = json_string_value(json_object_get(j, "as"));
  int outcome = as ? outcome_parse(as) : -1;
  bool good = name && alias && category >= 0 && effect >= 0 && scope >= 0;
  if (good) {
    *out = (struct disposition_def){.category = (uint8_t)category,
                                    .effect = (uint8_t)effect,
                                    .scope = (uint8_t)scope,
                                    .as = (uint8_t)(outcome < 0 ? 0 : outcome),
                                    .agents = json_is_true(json_object_get(j, "agents")),
                                    .human = json_is_true(json_object_get(j, "human")),
                                    .right_party = json_is_true(json_object_get(j, "right_party")),
                                    .conversion = json_is_true(json_object_get(j, "conversion"))};
    snprintf(out->code, sizeof out->code, "%s", code);
    snprintf(out->name, sizeof out->name, "%s", name);
    snprintf(out->alias, sizeof out->alias, "%s", alias);
    const char *fields = json_string_value(json_object_get(j, "fields")); /* older rows have none */
    snprintf(out->fields, sizeof out->fields, "%s", fields ? fields : "");
  }
  json_decref(j);
  return good ? 1 : CAD_EFORMAT;
}

static bool code_good(const char *code, bool needed) {
  size_t n = strnlen(code, 8);
  return n < 8 && (n > 0 || !needed) && strspn(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == n && code[0] != '-';
}

static int campaign_id(struct store *s, const char *campaign, uint64_t *out) {
  const struct campaign_mem *c = campaign ? store_campaign_named(s, campaign) : NULL;
  *out = c ? c->def.terms.id : 0;
  return c || !campaign ? CAD_OK : CAD_ENOENT;
}

int store_disposition_put(struct store *s, const char *campaign, const struct disposition_def *d) {
  uint64_t id;
  int err = campaign_id(s, campaign, &id);
  if (s->reader) return CAD_EREFUSED;
  if (err < 0) return err;
  if (!code_good(d->code, true) || !code_good(d->alias, false) || d->category >= CATEGORY_COUNT || d->effect >= EFFECT_COUNT ||
      d->scope >= OPT_OUT_SCOPE_COUNT || d->as >= OUTCOME_COUNT || !d->name[0] || !memchr(d->name, 0, sizeof d->name))
    return CAD_EINVAL;
  if (d->effect == EFFECT_RETRIES && d->as == OUTCOME_NONE) return CAD_EINVAL;
  char *text = to_json(d);
  if (!text) return CAD_EINVAL; /* a name that is no UTF-8 */
  bool own;
  err = store_enter(s, &own);
  if (err >= 0) {
    err = db_run(&s->db, Q_CODE_PUT, "INSERT OR REPLACE INTO disposition_code VALUES(?,?,?,?)", "utti", id, d->code, text, store_now(s).ms);
    err = store_leave(s, own, err);
  }
  free(text);
  return err;
}

int disposition_find(struct store *s, uint64_t campaign, const char *code, struct disposition_def *out) {
  sqlite3_stmt *q =
      db_query(&s->db, Q_CODE_GET, "SELECT def FROM disposition_code WHERE campaign IN (0, ?1) AND code=?2 ORDER BY campaign DESC LIMIT 1",
               "ut", campaign, code);
  int r = db_step(&s->db, q);
  if (r > 0) r = from_json(code, (const char *)sqlite3_column_text(q, 0), out);
  db_done(q);
  for (int i = 0; i < FIELD_COUNT && r == 0; i++)
    if (strcmp(FIELD[i].code, code) == 0) {
      from_field(&FIELD[i], out);
      r = 1;
    }
  return r;
}

static bool hidden(struct store *s, uint64_t campaign, const char *code) {
  struct disposition_def d;
  sqlite3_stmt *q =
      db_query(&s->db, Q_CODE_GET, "SELECT def FROM disposition_code WHERE campaign IN (0, ?1) AND code=?2 ORDER BY campaign DESC LIMIT 1",
               "ut", campaign, code);
  bool found = db_step(&s->db, q) > 0 && from_json(code, (const char *)sqlite3_column_text(q, 0), &d) > 0;
  db_done(q);
  return found;
}

enum { OWN_MOST = 512 };

int store_disposition_each(struct store *s, const char *campaign, int (*row)(void *arg, const struct disposition_def *d, bool own),
                           void *arg) {
  uint64_t id;
  int r = campaign_id(s, campaign, &id), said = CAD_OK, n = 0;
  if (r < 0) return r;
  struct disposition_def *own = calloc(OWN_MOST, sizeof *own);
  if (!own) return CAD_ENOMEM;
  sqlite3_stmt *q = db_query(&s->db, Q_CODE_ALL,
                             "SELECT code, def FROM disposition_code d WHERE campaign=?1 OR (campaign=0 AND NOT EXISTS(SELECT 1 FROM"
                             " disposition_code e WHERE e.campaign=?1 AND e.code=d.code AND ?1<>0)) ORDER BY code",
                             "u", id);
  while (n < OWN_MOST && (r = db_step(&s->db, q)) > 0)
    n += from_json((const char *)sqlite3_column_text(q, 0), (const char *)sqlite3_column_text(q, 1), &own[n]) > 0;
  db_done(q);
  for (int i = 0; i < n && said >= 0 && r >= 0; i++) said = row(arg, &own[i], true);
  free(own);
  for (int i = 0; i < FIELD_COUNT && said >= 0 && r >= 0; i++) {
    struct disposition_def d;
    if (hidden(s, id, FIELD[i].code)) continue;
    from_field(&FIELD[i], &d);
    said = row(arg, &d, false);
  }
  return said < 0 ? said : r < 0 ? r : CAD_OK;
}

struct by_alias {
  const char *code;
  struct disposition_def *out;
};
static int match_alias(void *arg, const struct disposition_def *d, bool own) {
  struct by_alias *a = arg;
  (void)own;
  if (strcmp(d->alias, a->code) != 0) return CAD_OK;
  *a->out = *d;
  return CAD_EEXIST; /* found: stop */
}

int store_disposition_get(struct store *s, const char *campaign, const char *code, struct disposition_def *out) {
  uint64_t id;
  int r = campaign_id(s, campaign, &id);
  if (r < 0) return r;
  if ((r = disposition_find(s, id, code, out)) != 0) return r < 0 ? r : CAD_OK;
  struct by_alias a = {code, out};
  r = code[0] ? store_disposition_each(s, campaign, match_alias, &a) : CAD_OK;
  return r == CAD_EEXIST ? CAD_OK : r < 0 ? r : CAD_ENOENT;
}

int store_disposition_letters(struct store *s, const char *campaign, const char *code, enum outcome outcome, char out[8]) {
  struct disposition_def d = {.alias = ""};
  snprintf(out, 8, "%.7s", code[0] ? code : disposition_of_outcome(outcome));
  if (!code[0]) return CAD_OK;
  sqlite3_stmt *q = db_query(&s->db, Q_CODE_LETTERS,
                             "SELECT def FROM disposition_code WHERE campaign IN (0, (SELECT id FROM campaign WHERE name=?1)) AND code=?2"
                             " ORDER BY campaign DESC LIMIT 1",
                             "tt", campaign, code);
  int r = db_step(&s->db, q);
  if (r > 0) r = from_json(code, (const char *)sqlite3_column_text(q, 0), &d);
  db_done(q);
  if (r > 0 && d.alias[0]) snprintf(out, 8, "%s", d.alias);
  return r < 0 ? r : CAD_OK;
}
