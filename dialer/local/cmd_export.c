/* cadencia export calls, dnc list: read the records directly, beside a running daemon, row by row. */
#include "dialer/base/clock.h"
#include "dialer/base/tone_file.h"
#include "dialer/local/command.h"
#include <cadencia/err.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char HEADER[] =
    "attempt_id,campaign,contact_id,phone,direction,trunk,started_at,ringing_at,answered_at,greeting_end_at,bridged_at,"
    "ended_at,sip_code,cause,outcome,verdict,verdict_reason,agent,talk_ms,wrapup_ms,disposition,abandoned,ended_by\n";

struct export {
  FILE *out;
  uint64_t rows;
};

static void put_time(FILE *out, struct wall t, char after) {
  char text[25];
  clock_iso8601(t, text);
  fprintf(out, "%s%c", text, after);
}

/* The phone stands without '+': a spreadsheet would take it for a formula. */
static int put_csv(void *arg, const struct log_row *r) {
  struct export *e = arg;
  FILE *o = e->out;
  fprintf(o, "%" PRIu64 ",", r->attempt_id);
  csv_put(o, r->campaign);
  fprintf(o, ",%" PRIu64 ",%" PRIu64 ",%s,", r->contact_id, r->phone, r->inbound ? "inbound" : "outbound");
  csv_put(o, r->trunk);
  fputc(',', o);
  put_time(o, r->started, ',');
  put_time(o, r->ringing, ',');
  put_time(o, r->answered, ',');
  put_time(o, r->greeting_end, ',');
  put_time(o, r->bridged, ',');
  put_time(o, r->ended, ',');
  if (r->sip_code) fprintf(o, "%u", r->sip_code);
  fprintf(o, ",%s,%s,%s,%s,", cause_name((enum cause)r->cause), outcome_name((enum outcome)r->outcome),
          verdict_name((enum verdict)r->verdict), verdict_reason_name((enum verdict_reason)r->reason));
  csv_put(o, r->agent);
  fprintf(o, ",%u,%u,", r->talk_ms, r->wrapup_ms);
  csv_put(o, r->disposition);
  fprintf(o, ",%u,%s\n", r->abandoned ? 1u : 0u, ended_by_name((enum ended_by)r->ended_by));
  e->rows++;
  return ferror(o) ? CAD_EIO : CAD_OK;
}

static json_t *word_or_null(const char *text) { return text[0] ? json_text(text) : json_null(); }

static int put_jsonl(void *arg, const struct log_row *r) {
  struct export *e = arg;
  char phone[24];
  snprintf(phone, sizeof phone, "+%" PRIu64, r->phone);
  json_t *j =
      json_pack("{s:o, s:o, s:o, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:o, s:b, s:o}",
                "attempt_id", json_id(r->attempt_id), "campaign", json_text(r->campaign), "contact_id", json_id(r->contact_id), "phone",
                phone, "direction", r->inbound ? "inbound" : "outbound", "trunk", json_text(r->trunk), "started_at", json_time(r->started),
                "ringing_at", json_time(r->ringing), "answered_at", json_time(r->answered), "greeting_end_at", json_time(r->greeting_end),
                "bridged_at", json_time(r->bridged), "ended_at", json_time(r->ended), "sip_code",
                r->sip_code ? json_integer(r->sip_code) : json_null(), "cause", word_or_null(cause_name((enum cause)r->cause)), "outcome",
                word_or_null(outcome_name((enum outcome)r->outcome)), "verdict", word_or_null(verdict_name((enum verdict)r->verdict)),
                "verdict_reason", word_or_null(verdict_reason_name((enum verdict_reason)r->reason)), "agent", word_or_null(r->agent),
                "talk_ms", (json_int_t)r->talk_ms, "wrapup_ms", (json_int_t)r->wrapup_ms, "disposition", word_or_null(r->disposition),
                "abandoned", r->abandoned != 0, "ended_by", word_or_null(ended_by_name((enum ended_by)r->ended_by)));
  if (!j) return CAD_ENOMEM;
  int bad = json_dumpf(j, e->out, JSON_COMPACT | JSON_PRESERVE_ORDER);
  json_decref(j);
  fputc('\n', e->out);
  e->rows++;
  return bad || ferror(e->out) ? CAD_EIO : CAD_OK;
}

static struct store *open_reader(struct command_call *c) {
  char path[CONFIG_PATH_MAX + 16];
  struct store *s = NULL;
  snprintf(path, sizeof path, "%s/cadencia.db", c->backend->config->state_dir);
  if (access(path, F_OK) != 0) {
    call_refuse(c, "there is no database at %s yet; it is made by the first campaign create, import or serve", path);
    return NULL;
  }
  int r = store_open_reader(path, &s, c->err);
  if (r < 0) call_refuse(c, "%s cannot be read: %s", path, err_name(r));
  return r < 0 ? NULL : s;
}

int cmd_export_calls(struct command_call *c) {
  const char *format = call_option(c, OPT_FORMAT) ? call_option(c, OPT_FORMAT) : call_json(c) ? "jsonl" : "csv";
  const char *campaign = call_option(c, OPT_CAMPAIGN);
  bool csv = strcmp(format, "csv") == 0;
  if (!csv && strcmp(format, "jsonl") != 0) {
    fprintf(c->err, "cadencia export calls: the format \"%.20s\" must be csv or jsonl\n", format);
    return EXIT_USAGE;
  }
  struct store *s = open_reader(c);
  if (!s) return EXIT_REFUSED;
  struct campaign_def def;
  if (campaign && store_campaign_get(s, campaign, &def) < 0) {
    store_close(s);
    return call_refuse(c, "there is no campaign \"%.40s\"; cadencia campaign list shows them", campaign);
  }
  struct export e = {c->out, 0};
  struct log_filter filter = {.campaign = campaign};
  if (csv) fputs(HEADER, c->out);
  int r = store_log_each(s, &filter, csv ? put_csv : put_jsonl, &e);
  store_close(s);
  if (r >= 0 && fflush(c->out) != 0) r = CAD_EIO;
  if (r < 0) {
    fprintf(c->err, "cadencia export calls: stopped after %" PRIu64 " rows: %s\n", e.rows, err_name(r));
    return EXIT_REFUSED;
  }
  return EXIT_GOOD;
}

static int put_dnc(void *arg, const struct dnc_row *r) {
  const struct command_call *c = arg;
  char at[25], phone[24];
  clock_iso8601(r->added, at);
  snprintf(phone, sizeof phone, "+%" PRIu64, r->phone);
  if (call_json(c)) {
    json_t *j =
        json_pack("{s:s, s:o, s:o, s:s}", "phone", phone, "scope", json_text(r->scope), "source", json_text(r->source), "added", at);
    if (!j) return CAD_ENOMEM;
    (void)json_dumpf(j, c->out, JSON_COMPACT | JSON_PRESERVE_ORDER);
    json_decref(j);
    fputc('\n', c->out);
  } else {
    fprintf(c->out, "%-16s  %s  %-28s  %s\n", phone, at, r->scope, r->source);
  }
  return ferror(c->out) ? CAD_EIO : CAD_OK;
}

int cmd_dnc_list(struct command_call *c) {
  struct store *s = open_reader(c);
  if (!s) return EXIT_REFUSED;
  int r = store_dnc_each(s, put_dnc, c);
  store_close(s);
  return r < 0 ? call_refuse_store(c, r, "do-not-call list") : EXIT_GOOD;
}

int cmd_check(struct command_call *c) {
  static struct config config;
  const char *path = c->args->word_count ? c->args->words[0] : c->backend->config->path;
  char *errors = NULL;
  size_t size = 0;
  FILE *err = open_memstream(&errors, &size);
  struct tone_plan plan = {0};
  const bool tones = tone_file_is(path);
  int r = tones ? tone_file_read(path, &plan, err) : config_load(path, &config, err);
  if (err) fclose(err);
  if (call_json(c)) {
    json_t *array = json_array();
    char *save = NULL;
    for (char *line = strtok_r(errors ? errors : (char[]){""}, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
      json_array_append_new(array, json_text(line));
    call_put_json(c, json_pack("{s:b, s:o, s:o}", "ok", r >= 0, "file", json_text(path), "errors", array));
  } else if (r < 0) {
    fputs(errors ? errors : "", c->err);
  } else if (tones) {
    fprintf(c->out, "%s: ok: %u tones of %s\n", path, plan.count, plan.country);
  } else {
    fprintf(c->out, "%s: ok: %u listener%s, %u trunk%s, state in %s, data in %s\n", path, config.listener_count,
            config.listener_count == 1 ? "" : "s", config.trunk_count, config.trunk_count == 1 ? "" : "s", config.state_dir,
            config.share_dir);
  }
  free(errors);
  return r < 0 ? EXIT_REFUSED : EXIT_GOOD;
}
