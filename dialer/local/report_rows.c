#include "dialer/local/report_rows.h"
#include <cadencia/err.h>
#include <string.h>

static const char HEADER[] =
    "attempt_id,campaign,contact_id,phone,direction,trunk,started_at,ringing_at,answered_at,greeting_end_at,bridged_at,"
    "ended_at,sip_code,cause,outcome,verdict,verdict_reason,agent,talk_ms,wrapup_ms,disposition,abandoned,ended_by,"
    "seller,caller_id,q850,agent_ended_at,early_hangup,live,category,party,label\n";

static int to_file(void *arg, const void *bytes, size_t n) { return fwrite(bytes, 1, n, arg) == n ? CAD_OK : CAD_EIO; }

void rows_begin_sink(struct rows_out *o, int (*sink)(void *arg, const void *bytes, size_t n), void *arg, bool csv, bool masked) {
  o->sink = sink;
  o->arg = arg;
  o->csv = csv;
  o->masked = masked;
  o->rows = 0;
  o->err = CAD_OK;
  o->day = INT64_MIN;
  o->n = 0;
  o->within = false;
}

void rows_begin(struct rows_out *o, FILE *out, bool csv, bool masked) {
  rows_begin_sink(o, to_file, out, csv, masked);
  if (csv) rows_head(o);
}
void rows_begin_stream(struct rows_out *o, FILE *out, bool csv, bool masked) { rows_begin_sink(o, to_file, out, csv, masked); }
void rows_head(struct rows_out *o) { out_text(o, HEADER); }

static void flush(struct rows_out *o) {
  if (o->n && o->err >= 0) o->err = o->sink(o->arg, o->bytes, o->n);
  o->n = 0;
}

int out_line(struct rows_out *o) {
  o->bytes[o->n++] = '\n';
  o->within = false;
  o->rows++;
  if (o->n > ROWS_BUFFER - ROWS_SPARE) flush(o);
  return o->err;
}

int rows_end(struct rows_out *o) {
  flush(o);
  return o->err;
}

/* ---- pieces; whoever writes a line stays below ROWS_SPARE bytes of names ---- */

static void put(struct rows_out *o, const char *text, size_t n) {
  if (o->n + n > ROWS_BUFFER) flush(o);
  if (n > ROWS_BUFFER) { /* longer than all room: straight through */
    if (o->err >= 0) o->err = o->sink(o->arg, text, n);
    return;
  }
  memcpy(o->bytes + o->n, text, n);
  o->n += n;
}
void out_text(struct rows_out *o, const char *text) { put(o, text, strlen(text)); }

static void key_of(struct rows_out *o, const char *key) {
  if (o->csv) return;
  bool first = !o->within;
  o->within = true;
  put(o, first ? "{\"" : "\"", first ? 2 : 1);
  out_text(o, key);
  put(o, "\":", 2);
}
static void after(struct rows_out *o, bool last) {
  if (!last)
    put(o, ",", 1);
  else if (!o->csv)
    put(o, "}", 1);
}
static void null(struct rows_out *o) {
  if (!o->csv) put(o, "null", 4);
}

static void digits(struct rows_out *o, uint64_t v) {
  char text[20];
  int n = 20;
  do text[--n] = (char)('0' + v % 10);
  while (v /= 10);
  put(o, text + n, (size_t)(20 - n));
}

static void quoted_csv(struct rows_out *o, const char *text) {
  bool formula = strchr("=+-@\t\r", text[0]) != NULL && text[0];
  if (!formula && !strpbrk(text, ",\"\n\r")) {
    out_text(o, text);
    return;
  }
  put(o, formula ? "\"'" : "\"", formula ? 2 : 1);
  for (const char *p = text; *p; p++) put(o, *p == '"' ? "\"\"" : p, *p == '"' ? 2 : 1);
  put(o, "\"", 1);
}

static void quoted_json(struct rows_out *o, const char *text) {
  put(o, "\"", 1);
  for (const char *p = text; *p;) {
    size_t plain = 0;
    while ((unsigned char)p[plain] >= 0x20 && p[plain] != '"' && p[plain] != '\\') plain++;
    put(o, p, plain);
    p += plain;
    if (!*p) break;
    char code[8];
    int n = *p == '"' || *p == '\\' ? snprintf(code, sizeof code, "\\%c", *p) : snprintf(code, sizeof code, "\\u%04x", (unsigned char)*p);
    put(o, code, (size_t)n);
    p++;
  }
  put(o, "\"", 1);
}

void out_cell(struct rows_out *o, const char *key, const char *text, bool last) {
  key_of(o, key);
  if (o->csv)
    quoted_csv(o, text);
  else if (text[0])
    quoted_json(o, text);
  else
    null(o);
  after(o, last);
}

void out_number(struct rows_out *o, const char *key, int64_t v, bool last) {
  key_of(o, key);
  if (v < 0) put(o, "-", 1);
  digits(o, v < 0 ? -(uint64_t)v : (uint64_t)v);
  after(o, last);
}

/* Ids are texts in JSON: its numbers lose digits. */
void out_id(struct rows_out *o, const char *key, uint64_t v, bool last) {
  key_of(o, key);
  if (v == 0) {
    null(o);
  } else {
    if (!o->csv) put(o, "\"", 1);
    digits(o, v);
    if (!o->csv) put(o, "\"", 1);
  }
  after(o, last);
}

/* In CSV without '+': a spreadsheet would take it for a formula. */
void out_phone(struct rows_out *o, const char *key, uint64_t v, bool last) {
  key_of(o, key);
  if (v == 0) {
    null(o);
  } else {
    if (!o->csv) put(o, "\"+", 2);
    digits(o, o->masked ? v / 10000 : v);
    if (o->masked) put(o, "xxxx", 4);
    if (!o->csv) put(o, "\"", 1);
  }
  after(o, last);
}

void out_flag(struct rows_out *o, const char *key, bool v, bool last) {
  key_of(o, key);
  if (o->csv)
    put(o, v ? "1" : "0", 1);
  else
    out_text(o, v ? "true" : "false");
  after(o, last);
}

static void two(char *at, int v) {
  at[0] = (char)('0' + v / 10);
  at[1] = (char)('0' + v % 10);
}

/* The date is made once a day of rows. */
static void set_day(struct rows_out *o, int64_t day) {
  int64_t z = day + 719468, era = (z >= 0 ? z : z - 146096) / 146097, doe = z - era * 146097;
  int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365, doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  int64_t mp = (5 * doy + 2) / 153, d = doy - (153 * mp + 2) / 5 + 1, m = mp < 10 ? mp + 3 : mp - 9, y = yoe + era * 400 + (m <= 2);
  o->day = day;
  two(o->date, (int)(y / 100 % 100));
  two(o->date + 2, (int)(y % 100));
  o->date[4] = o->date[7] = '-';
  two(o->date + 5, (int)m);
  two(o->date + 8, (int)d);
}

void out_time(struct rows_out *o, const char *key, struct wall t, bool last) {
  key_of(o, key);
  if (t.ms <= 0) {
    null(o);
  } else {
    char text[26] = "\"";
    int64_t day = t.ms / 86400000;
    int ms = (int)(t.ms % 86400000);
    if (day != o->day) set_day(o, day);
    memcpy(text + 1, o->date, 10);
    text[11] = 'T', text[14] = text[17] = ':', text[20] = '.', text[24] = 'Z', text[25] = '"';
    two(text + 12, ms / 3600000);
    two(text + 15, ms / 60000 % 60);
    two(text + 18, ms / 1000 % 60);
    text[21] = (char)('0' + ms % 1000 / 100);
    two(text + 22, ms % 100);
    put(o, o->csv ? text + 1 : text, o->csv ? 24 : 26);
  }
  after(o, last);
}

int rows_put(struct rows_out *o, const struct call_row *r) {
  out_id(o, "attempt_id", r->attempt_id, false);
  out_cell(o, "campaign", r->campaign, false);
  out_id(o, "contact_id", r->contact_id, false);
  out_phone(o, "phone", r->phone, false);
  out_cell(o, "direction", r->inbound ? "inbound" : "outbound", false);
  out_cell(o, "trunk", r->trunk, false);
  out_time(o, "started_at", r->started, false);
  out_time(o, "ringing_at", r->ringing, false);
  out_time(o, "answered_at", r->answered, false);
  out_time(o, "greeting_end_at", r->greeting_end, false);
  out_time(o, "bridged_at", r->bridged, false);
  out_time(o, "ended_at", r->ended, false);
  if (r->sip_code) {
    out_number(o, "sip_code", r->sip_code, false);
  } else {
    key_of(o, "sip_code");
    null(o);
    after(o, false);
  }
  out_cell(o, "cause", cause_name((enum cause)r->cause), false);
  out_cell(o, "outcome", outcome_name((enum outcome)r->outcome), false);
  out_cell(o, "verdict", verdict_name((enum verdict)r->verdict), false);
  out_cell(o, "verdict_reason", verdict_reason_name((enum verdict_reason)r->reason), false);
  out_cell(o, "agent", r->agent, false);
  out_number(o, "talk_ms", r->talk_ms, false);
  out_number(o, "wrapup_ms", r->wrapup_ms, false);
  out_cell(o, "disposition", r->disposition, false);
  out_flag(o, "abandoned", r->abandoned, false);
  out_cell(o, "ended_by", ended_by_name((enum ended_by)r->ended_by), false);
  out_cell(o, "seller", r->seller, false);
  out_phone(o, "caller_id", r->caller_id, false);
  out_number(o, "q850", r->q850, false);
  out_time(o, "agent_ended_at", r->agent_end, false);
  out_flag(o, "early_hangup", r->early_hangup, false);
  out_flag(o, "live", r->live, false);
  out_cell(o, "category", r->category, false);
  out_cell(o, "party", r->party, false);
  out_cell(o, "label", r->label ? verdict_name((enum verdict)r->label) : "", true);
  return out_line(o);
}

int rows_put_agent(struct rows_out *o, const struct agent_row *r) {
  out_id(o, "row_id", r->id, false);
  out_cell(o, "agent", r->agent, false);
  out_cell(o, "campaign", r->campaign, false);
  out_id(o, "attempt_id", r->attempt_id, false);
  out_cell(o, "state", agent_state_name((enum agent_state)r->state), false);
  out_time(o, "from_at", r->from, false);
  out_time(o, "to_at", r->to, false);
  out_cell(o, "reason", r->reason, true);
  return out_line(o);
}

int rows_put_contact(struct rows_out *o, const struct contact_line *r) {
  out_id(o, "contact_id", r->contact_id, false);
  out_cell(o, "campaign", r->campaign, false);
  out_id(o, "list_id", r->list_id, false);
  out_cell(o, "list", r->list, false);
  out_phone(o, "phone", r->phone, false);
  out_cell(o, "status", r->done ? "done" : "waiting", false);
  out_number(o, "tries", r->tries, false);
  out_flag(o, "reached", r->reached, true);
  return out_line(o);
}
