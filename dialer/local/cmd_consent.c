/* cadencia consent: the ledger of why people may be called. */
#include "dialer/base/clock.h"
#include "dialer/local/command.h"
#include "dialer/local/table.h"
#include <cadencia/err.h>
#include <campaigns/compliance.h>
#include <string.h>

enum { DAY_MS = 86400000 };

static int read_phone(struct command_call *c, uint64_t *out) {
  const char *country = call_option(c, OPT_COUNTRY);
  const struct phone_home *home = country ? phone_home_find(country) : NULL;
  char reason[PHONE_REASON_MAX];
  if (country && !home) return call_refuse(c, "country \"%.8s\" is not known; write two capital letters, as US, ES or MX", country);
  return phone_parse(c->args->words[0], home, out, reason) < 0 ? call_refuse(c, "%.30s: %s", c->args->words[0], reason) : EXIT_GOOD;
}

/* "agent,prerecorded"; 0: a word is unknown. */
static uint8_t read_technologies(const char *text) {
  unsigned bits = 0;
  char word[24];
  while (text) {
    const size_t length = strcspn(text, ",");
    if (length == 0 || length >= sizeof word) return 0;
    memcpy(word, text, length);
    word[length] = 0;
    const unsigned bit = law_word_bit(law_technologies, word);
    if (bit == 0) return 0;
    bits |= bit;
    text = text[length] ? text + length + 1 : NULL;
  }
  return (uint8_t)bits;
}

static int job_add(struct store *s, void *arg) { return store_consent_add(s, arg); }

int cmd_consent_add(struct command_call *c) {
  struct consent_row row = {.id = 0};
  const char *basis = call_option(c, OPT_BASIS), *purpose = call_option(c, OPT_PURPOSE), *expires = call_option(c, OPT_EXPIRES);
  int64_t day = 0, end = 0;
  int status = read_phone(c, &row.phone);
  if (status != EXIT_GOOD) return status;
  row.bases = (uint8_t)law_word_bit(law_bases, basis);
  row.purposes = purpose ? (uint8_t)law_word_bit(law_purposes, purpose) : (uint8_t)PURPOSE_ALL;
  const char *technology = call_option(c, OPT_TECHNOLOGY);
  row.technologies = technology ? read_technologies(technology) : (uint8_t)TECH_ALL;
  if (!row.technologies)
    return call_refuse(c, "the technology \"%.40s\" is unknown; write agent, prerecorded, message_drop, or several with commas",
                       technology);
  if (!row.bases)
    return call_refuse(
        c, "the basis \"%.30s\" is unknown; write consent, written_consent, contract, inquiry, legitimate_interest or legal_duty", basis);
  if (!row.purposes)
    return call_refuse(c, "the purpose \"%.30s\" is unknown; write telemarketing, collections, survey or information", purpose);
  if (!calendar_date(call_option(c, OPT_DATE), &day) || day * DAY_MS > clock_wall().ms)
    return call_refuse(c, "the date \"%.20s\" must be a day of the past, as 2026-05-02", call_option(c, OPT_DATE));
  if (expires && (!calendar_date(expires, &end) || end <= day))
    return call_refuse(c, "the end \"%.20s\" must be a later day, as 2028-05-02", expires);
  row.granted = (struct wall){day * DAY_MS};
  row.expires = (struct wall){end * DAY_MS};
  const char *text = call_option(c, OPT_TEXT), *source = call_option(c, OPT_SOURCE), *seller = call_option(c, OPT_SELLER);
  if (strlen(source) >= sizeof row.source || (text && strlen(text) >= sizeof row.text) || strlen(seller) >= sizeof row.seller)
    return call_refuse(c, "too long: a source holds %zu bytes, a text %zu; keep longer texts elsewhere and name the place",
                       sizeof row.source - 1, sizeof row.text - 1);
  strcpy(row.source, source);
  strcpy(row.text, text ? text : "");
  strcpy(row.seller, seller);
  int r = c->backend->run(c->backend->self, job_add, &row, true);
  if (r == CAD_ENOENT) return call_refuse(c, "there is no seller \"%.40s\"; a campaign of that seller makes it", seller);
  if (r < 0) return call_refuse_store(c, r, "consent");
  if (call_json(c))
    call_put_json(c, json_pack("{s:o}", "consent", json_id(row.id)));
  else
    fprintf(c->out, "consent %llu of +%llu to %s is in the ledger\n", (unsigned long long)row.id, (unsigned long long)row.phone,
            row.seller);
  return EXIT_GOOD;
}

struct revoke_job {
  uint64_t phone;
  const char *seller, *by;
};
static int job_revoke(struct store *s, void *arg) {
  const struct revoke_job *j = arg;
  return store_consent_revoke(s, j->phone, j->seller, j->by, WALL_NONE);
}

int cmd_consent_revoke(struct command_call *c) {
  struct revoke_job j = {0, call_option(c, OPT_SELLER), call_option(c, OPT_SOURCE) ? call_option(c, OPT_SOURCE) : "command"};
  int status = read_phone(c, &j.phone);
  if (status != EXIT_GOOD) return status;
  int n = c->backend->run(c->backend->self, job_revoke, &j, true);
  if (n == CAD_ENOENT) return call_refuse(c, "there is no seller \"%.40s\"", j.seller);
  if (n < 0) return call_refuse_store(c, n, "consent");
  if (call_json(c))
    call_put_json(c, json_pack("{s:i}", "revoked", n));
  else
    fprintf(c->out, "%d consent%s of +%llu taken back\n", n, n == 1 ? "" : "s", (unsigned long long)j.phone);
  return EXIT_GOOD;
}

struct list_job {
  uint64_t phone;
  json_t *array;
  struct table *t;
};

static void day_text(struct wall t, char out[16]) {
  if (t.ms)
    calendar_date_text(t.ms / DAY_MS, out);
  else
    strcpy(out, "-");
}

static int add_row(void *arg, const struct consent_row *r) {
  struct list_job *j = arg;
  char granted[16], expires[16], revoked[16], phone[24];
  day_text(r->granted, granted), day_text(r->expires, expires), day_text(r->revoked, revoked);
  snprintf(phone, sizeof phone, "+%llu", (unsigned long long)r->phone);
  json_array_append_new(j->array, json_pack("{s:o, s:s, s:o, s:s, s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:b}", "id", json_id(r->id), "phone",
                                            phone, "seller", json_text(r->seller), "basis", law_word_text(law_bases, r->bases), "source",
                                            json_text(r->source), "text", json_text(r->text), "granted", granted, "expires",
                                            json_time(r->expires), "revoked", json_time(r->revoked), "revoked_by", json_text(r->revoked_by),
                                            "import", r->import ? json_id(r->import) : json_null(), "standing", r->standing));
  table_put(j->t, "%s", phone);
  table_put(j->t, "%s", r->seller);
  table_put(j->t, "%s", law_word_text(law_bases, r->bases));
  table_put(j->t, "%s", granted);
  table_put(j->t, "%s", expires);
  table_put(j->t, "%s", revoked);
  if (r->import)
    table_put(j->t, "%.40s (import %llu%s)", r->source, (unsigned long long)r->import, r->standing ? "" : ", taken back");
  else
    table_put(j->t, "%.40s", r->source);
  return CAD_OK;
}
static int job_list(struct store *s, void *arg) {
  struct list_job *j = arg;
  return store_consent_each(s, j->phone, add_row, j);
}

int cmd_consent_list(struct command_call *c) {
  static const char *const HEADS[] = {"PHONE", "SELLER", "BASIS", "GIVEN", "EXPIRES", "REVOKED", "SOURCE", NULL};
  struct list_job j = {0, NULL, NULL};
  if (c->args->word_count) {
    int status = read_phone(c, &j.phone);
    if (status != EXIT_GOOD) return status;
  }
  j.array = json_array();
  j.t = table_create(HEADS);
  int r = c->backend->run(c->backend->self, job_list, &j, false);
  if (r >= 0 && call_json(c))
    call_put_json(c, json_pack("{s:O}", "consents", j.array));
  else if (r >= 0)
    table_print(j.t, c->out, "the ledger holds nothing of that");
  json_decref(j.array);
  table_destroy(j.t);
  return r < 0 ? call_refuse_store(c, r, "consent") : EXIT_GOOD;
}
