/* cadencia why dial: what the pacer saw, expected and decided in a second, and what held it back. */
#include "dialer/base/clock.h"
#include "dialer/local/command.h"
#include "dialer/local/table.h"
#include <cadencia/err.h>
#include <campaigns/law.h>
#include <campaigns/report.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROWS_MAX = 600, SECONDS_BEFORE = 20 };
static const int64_t DAY_MS = 86400000;

struct why_job {
  const char *campaign;
  struct wall at, from, to; /* at WALL_NONE: the newest */
  unsigned seconds;
  struct mail_store_paced rows[ROWS_MAX];
  unsigned count;
};

static int take_row(void *arg, const struct mail_store_paced *r) {
  struct why_job *j = arg;
  if (j->count == ROWS_MAX) {
    memmove(j->rows, j->rows + 1, (ROWS_MAX - 1) * sizeof j->rows[0]);
    j->count--;
  }
  j->rows[j->count++] = *r;
  return CAD_OK;
}

static int job_why(struct store *s, void *arg) {
  struct why_job *j = arg;
  struct campaign_def def;
  int err = store_campaign_get(s, j->campaign, &def);
  if (err < 0) return err;
  return store_paced_each(s, def.terms.id, j->from, j->to, take_row, j);
}

/* ---- when ---- */

/* "10:31" or "10:31:07", at most with a fraction as the call log writes it. Returns what stands after it, NULL: no time of the day. */
static const char *parse_clock(const char *text, struct tm *tm) {
  int used = 0, more = 0;
  if (sscanf(text, "%2d:%2d%n", &tm->tm_hour, &tm->tm_min, &used) != 2) return NULL;
  if (text[used] == ':') {
    if (sscanf(text + used, ":%2d%n", &tm->tm_sec, &more) != 1) return NULL;
    used += more;
    if (text[used] == '.') used += 1 + (int)strspn(text + used + 1, "0123456789");
  }
  bool good = tm->tm_hour >= 0 && tm->tm_hour <= 23 && tm->tm_min >= 0 && tm->tm_min <= 59 && tm->tm_sec >= 0 && tm->tm_sec <= 59;
  return good ? text + used : NULL;
}

/* "2026-11-21T10:31:07Z" is UTC; without Z, and "10:31:07" of today or yesterday, it is this machine's time. */
static bool parse_at(const char *text, struct wall now, struct wall *out) {
  struct tm tm = {.tm_isdst = -1};
  int used = 0;
  if (sscanf(text, "%4d-%2d-%2d%*1[T ]%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &used) == 3 && used) {
    const char *end = parse_clock(text + used, &tm);
    bool utc = end && strcmp(end, "Z") == 0;
    if (!end || (*end && !utc)) return false;
    tm.tm_year -= 1900, tm.tm_mon -= 1;
    time_t t = utc ? timegm(&tm) : mktime(&tm);
    *out = (struct wall){(int64_t)t * 1000};
    return t > 0;
  }
  time_t today = (time_t)(now.ms / 1000);
  localtime_r(&today, &tm);
  tm.tm_sec = 0, tm.tm_isdst = -1;
  const char *end = parse_clock(text, &tm);
  if (!end || *end) return false;
  *out = (struct wall){(int64_t)mktime(&tm) * 1000};
  if (out->ms > now.ms) out->ms -= DAY_MS;
  return true;
}

static void clock_words(struct wall at, char out[32]) {
  time_t t = (time_t)(at.ms / 1000);
  struct tm tm;
  localtime_r(&t, &tm);
  strftime(out, 32, "%H:%M:%S", &tm);
}

/* ---- words ---- */

static const char *bound_words(enum pacer_bound b, bool es) {
  static const char *const words[PACER_BOUND_COUNT][2] = {
      [PACER_BOUND_NONE] = {"nothing", "nada"},
      [PACER_BOUND_AGENTS] = {"agents (none is free for another call)", "agentes (ninguno libre para otra llamada)"},
      [PACER_BOUND_RISK] = {"risk (one call more would too likely meet nobody)",
                            "riesgo (una llamada más probablemente no hallaría a nadie)"},
      [PACER_BOUND_BUDGET] = {"budget (the abandonment allowance is spent: one call a free agent)",
                              "cupo (el cupo de abandono está gastado: una llamada por agente libre)"},
      [PACER_BOUND_LINES] = {"lines (channels, ports or call slots are in use)", "líneas (canales o puertos ocupados)"},
      [PACER_BOUND_RATE] = {"calls per second (the trunk's rate)", "llamadas por segundo (el ritmo de la troncal)"},
      [PACER_BOUND_LIST] = {"the list (no contact is at hand)", "la lista (no hay contactos disponibles)"},
      [PACER_BOUND_HOURS] = {"permitted hours", "horario permitido"},
      [PACER_BOUND_INBOUND] = {"inbound reserve (free agents are kept for callers)",
                               "reserva de entrantes (agentes guardados para quien llama)"},
      [PACER_BOUND_TRUNK] = {"the trunk (none is up: cadencia trunk list)", "la troncal (ninguna responde: cadencia trunk list)"},
      [PACER_BOUND_DISK] = {"the disk (attempts cannot be written: cadencia doctor)",
                            "el disco (no se pueden anotar los intentos: cadencia doctor)"},
      [PACER_BOUND_CLOCK] = {"the clock (it stepped or is in doubt: cadencia doctor)", "el reloj (saltó o no es fiable: cadencia doctor)"},
      [PACER_BOUND_LOAD] = {"the box (a part of it does not keep up)", "el equipo (una parte no da abasto)"}};
  return (unsigned)b < PACER_BOUND_COUNT ? words[b][es] : "?";
}

static const char *bound_word(enum pacer_bound b, bool es) {
  static const char *const spanish[PACER_BOUND_COUNT] = {"nada",    "agentes",   "riesgo",  "cupo",  "líneas", "ritmo", "lista",
                                                         "horario", "entrantes", "troncal", "disco", "reloj",  "carga"};
  return es && (unsigned)b < PACER_BOUND_COUNT ? spanish[b] : pacer_bound_name(b);
}

/* The true rate is below that with 95 % confidence. */
static int64_t rate_below_bp(uint64_t num, uint64_t den) {
  int64_t low, high;
  wilson_bp((int64_t)num, (int64_t)den, &low, &high);
  return high;
}

/* Whose credit it is: of the window that binds. */
static const char *window_words(uint8_t kind, bool es) {
  static const char *const words[WINDOW_COUNT][2] = {
      {"today", "hoy"}, {"in these 30 days", "en estos 30 días"}, {"this month", "este mes"}};
  return words[kind < WINDOW_COUNT ? kind : WINDOW_DAY][es];
}

static double tenths(int64_t milli) { return (double)milli / 1000.0; }

static void tell_english(FILE *out, const char *at, const struct pacer_second *s) {
  const struct pacer_why *y = &s->why;
  fprintf(out, "%s  %u call%s placed%s", at, s->launched, s->launched == 1 ? "" : "s", s->given_up ? "" : ".\n");
  if (s->given_up) fprintf(out, ", %u given up after the legal ring time.\n", s->given_up);
  fprintf(out, "  saw       %u agents ready, %u talking, %u in wrap-up, %u paused; %u calls ring, %u in screening, %u people wait\n",
          y->ready, y->talking, y->wrapup, y->paused, y->ringing, y->screening,
          y->waiting - (y->screening < y->waiting ? y->screening : y->waiting));
  if (y->mode == PACING_PREDICTIVE)
    fprintf(out, "  expected  %.1f agents free and %.1f people answering within %d s; a dial reaches a person with %.1f %%\n",
            y->ready + tenths(y->freeing_milli), tenths(y->people_milli), PACER_WHY_AHEAD_MS / 1000, y->answer_bp / 100.0);
  if (y->allowed_bp)
    fprintf(out, "  risk      one call more: %.1f %% to meet nobody, allowed %.1f %%\n", y->risk_bp / 100.0, y->allowed_bp / 100.0);
  fprintf(out, "  budget    allows %.1f calls more to be abandoned %s (%" PRIu64 " of %" PRIu64 " live answers so far; limit %.2f %%",
          tenths(y->credit_milli), window_words(y->window_kind, false), y->abandoned, y->live, y->limit_bp / 100.0);
  fprintf(out, "; the true rate is below %.1f %% with 95 %% confidence)\n", (double)rate_below_bp(y->abandoned, y->live) / 100.0);
  fprintf(out, "  bound     %s%s\n", bound_words((enum pacer_bound)y->bound, false),
          y->dials != y->mode ? "; dialed progressively for safety" : "");
}

static void tell_spanish(FILE *out, const char *at, const struct pacer_second *s) {
  const struct pacer_why *y = &s->why;
  fprintf(out, "%s  %u llamada%s hecha%s", at, s->launched, s->launched == 1 ? "" : "s", s->launched == 1 ? "" : "s");
  fprintf(out, s->given_up ? ", %u abandonada(s) tras el tiempo legal de timbre.\n" : ".\n", s->given_up);
  fprintf(
      out,
      "  vio       %u agentes listos, %u hablando, %u en cierre, %u en pausa; %u llamadas timbran, %u en detección, %u personas esperan\n",
      y->ready, y->talking, y->wrapup, y->paused, y->ringing, y->screening,
      y->waiting - (y->screening < y->waiting ? y->screening : y->waiting));
  if (y->mode == PACING_PREDICTIVE)
    fprintf(out, "  esperaba  %.1f agentes libres y %.1f personas que contestan en %d s; una llamada llega a una persona con %.1f %%\n",
            y->ready + tenths(y->freeing_milli), tenths(y->people_milli), PACER_WHY_AHEAD_MS / 1000, y->answer_bp / 100.0);
  if (y->allowed_bp)
    fprintf(out, "  riesgo    una llamada más: %.1f %% de no hallar a nadie, permitido %.1f %%\n", y->risk_bp / 100.0,
            y->allowed_bp / 100.0);
  fprintf(out, "  cupo      permite abandonar %.1f llamadas más %s (%" PRIu64 " de %" PRIu64 " respuestas humanas; límite %.2f %%",
          tenths(y->credit_milli), window_words(y->window_kind, true), y->abandoned, y->live, y->limit_bp / 100.0);
  fprintf(out, "; la tasa real está por debajo del %.1f %% con 95 %% de confianza)\n",
          (double)rate_below_bp(y->abandoned, y->live) / 100.0);
  fprintf(out, "  freno     %s%s\n", bound_words((enum pacer_bound)y->bound, true),
          y->dials != y->mode ? "; marcado progresivo por seguridad" : "");
}

static void tell_table(FILE *out, const struct why_job *j, bool es) {
  static const char *const EN[] = {"TIME",       ">PLACED",  ">READY",  ">TALKING", ">RINGING", ">WAITING",
                                   ">FREE SOON", ">ANSWERS", ">RISK %", ">CREDIT",  "BOUND",    NULL};
  static const char *const ES[] = {"HORA",           ">HECHAS",    ">LISTOS",   ">HABLANDO", ">TIMBRAN", ">ESPERAN",
                                   ">LIBRES PRONTO", ">CONTESTAN", ">RIESGO %", ">CUPO",     "FRENO",    NULL};
  struct table *t = table_create(es ? ES : EN);
  unsigned from = j->count > j->seconds ? j->count - j->seconds : 0;
  for (unsigned i = from; i < j->count; i++) {
    const struct pacer_second *s = &j->rows[i].second;
    char at[32];
    clock_words(j->rows[i].at, at);
    table_put(t, "%s", at);
    table_put(t, "%u", s->launched);
    table_put(t, "%u", s->why.ready);
    table_put(t, "%u", s->why.talking);
    table_put(t, "%u", s->why.ringing);
    table_put(t, "%u", s->why.waiting);
    table_put(t, "%.1f", tenths(s->why.freeing_milli));
    table_put(t, "%.1f", tenths(s->why.people_milli));
    table_put(t, "%.1f", s->why.risk_bp / 100.0);
    table_put(t, "%.1f", tenths(s->why.credit_milli));
    table_put(t, "%s", bound_word((enum pacer_bound)s->why.bound, es));
  }
  table_print(t, out, "");
  table_destroy(t);
}

static json_t *row_json(const struct mail_store_paced *r) {
  const struct pacer_second *s = &r->second;
  const struct pacer_why *y = &s->why;
  json_t *j = json_pack("{s:o, s:i, s:i, s:i, s:i, s:i, s:i, s:i}", "at", json_time(r->at), "decisions", (int)s->decisions, "ordered",
                        (int)s->ordered, "launched", (int)s->launched, "given_up", (int)s->given_up, "connected", (int)s->connected,
                        "abandoned", (int)s->abandoned, "early_hangup", (int)s->early);
  json_t *saw =
      json_pack("{s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i}", "ready", (int)y->ready, "reserved", (int)y->reserved, "talking",
                (int)y->talking, "wrapup", (int)y->wrapup, "paused", (int)y->paused, "ringing", (int)y->ringing, "dialing", (int)y->dialing,
                "waiting", (int)y->waiting, "screening", (int)y->screening, "inbound_waiting", (int)y->inbound_waiting);
  json_t *expected =
      json_pack("{s:i, s:i, s:i, s:i, s:i, s:i}", "within_ms", PACER_WHY_AHEAD_MS, "answer_bp", (int)y->answer_bp, "people_milli",
                (int)y->people_milli, "freeing_milli", (int)y->freeing_milli, "risk_bp", (int)y->risk_bp, "allowed_bp", (int)y->allowed_bp);
  json_t *budget = json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:i}", "abandoned", (json_int_t)y->abandoned, "live", (json_int_t)y->live,
                             "early", (json_int_t)y->early, "credit_milli", (json_int_t)y->credit_milli, "debt_milli",
                             (json_int_t)y->debt_milli, "pending_milli", (json_int_t)y->pending_milli, "limit_bp", (int)y->limit_bp);
  json_t *limits = json_pack("{s:I, s:I, s:I}", "lines", (json_int_t)y->lines_free, "rate", (json_int_t)y->rate_free, "contacts",
                             (json_int_t)y->contacts);
  if (!j) return NULL;
  json_object_set_new(j, "saw", saw);
  json_object_set_new(j, "expected", expected);
  json_object_set_new(budget, "window", json_string(abandon_window_name((enum abandon_window)y->window_kind)));
  json_object_set_new(budget, "up_to_bp", json_integer((json_int_t)rate_below_bp(y->abandoned, y->live)));
  json_object_set_new(j, "budget", budget);
  json_object_set_new(j, "limits", limits);
  json_object_set_new(j, "mode", json_string(pacing_mode_name((enum pacing_mode)y->mode)));
  json_object_set_new(j, "dials", json_string(pacing_mode_name((enum pacing_mode)y->dials)));
  json_object_set_new(j, "bound", json_string(pacer_bound_name((enum pacer_bound)y->bound)));
  return j;
}

/* The second that was asked for, or the last one before it. */
static const struct mail_store_paced *row_at(const struct why_job *j) {
  const struct mail_store_paced *found = NULL;
  for (unsigned i = 0; i < j->count; i++)
    if (j->at.ms == 0 || j->rows[i].at.ms <= j->at.ms) found = &j->rows[i];
  return found;
}

static int answer(struct command_call *c, const struct why_job *j, bool es) {
  const struct mail_store_paced *r = row_at(j);
  char at[25];
  clock_iso8601(j->at.ms ? j->at : j->to, at);
  if (!r)
    return call_refuse(
        c, "no decision of \"%.40s\" is kept for %.19s%s and the minute before; reasons are kept while a campaign runs, for %d days",
        j->campaign, j->at.ms ? at : "now", j->at.ms ? "Z" : "", PACED_DAYS);
  if (call_json(c)) {
    json_t *array = json_array();
    unsigned from = j->count > j->seconds ? j->count - j->seconds : 0;
    for (unsigned i = from; i < j->count; i++) json_array_append_new(array, row_json(&j->rows[i]));
    call_put_json(c, json_pack("{s:o, s:o, s:o}", "campaign", json_text(j->campaign), "second", row_json(r), "before", array));
    return EXIT_GOOD;
  }
  char words[32];
  clock_words(r->at, words);
  (es ? tell_spanish : tell_english)(c->out, words, &r->second);
  fputc('\n', c->out);
  tell_table(c->out, j, es);
  return EXIT_GOOD;
}

int cmd_why_dial(struct command_call *c) {
  struct why_job *j = calloc(1, sizeof *j);
  if (!j) return call_refuse(c, "out of memory");
  struct wall now = clock_wall();
  const char *at = call_option(c, OPT_AT), *span = call_option(c, OPT_FOR), *lang = call_option(c, OPT_LANG);
  char *end = NULL;
  unsigned long seconds = span ? strtoul(span, &end, 10) : SECONDS_BEFORE;
  int status = EXIT_USAGE;
  j->campaign = call_option(c, OPT_CAMPAIGN);
  if (at && !parse_at(at, now, &j->at)) {
    fprintf(c->err, "cadencia why dial: --at \"%.40s\" is no time; write 10:31:07, 2026-11-21T10:31 or 2026-11-21T10:31:07Z\n", at);
  } else if ((span && (*end || end == span)) || seconds < 1 || seconds > ROWS_MAX) {
    fprintf(c->err, "cadencia why dial: --for is a number of seconds from 1 to %d\n", ROWS_MAX);
  } else if (lang && strcmp(lang, "en") != 0 && strcmp(lang, "es") != 0) {
    fprintf(c->err, "cadencia why dial: --lang must be en or es\n");
  } else {
    j->seconds = (unsigned)seconds;
    j->to = wall_add(j->at.ms ? j->at : now, 1000);
    j->from = wall_add(j->to, -(int64_t)(seconds > 60 ? seconds : 60) * 1000);
    int r = c->backend->run(c->backend->self, job_why, j, false);
    if (r == CAD_ENOENT)
      status = call_refuse(c, "there is no campaign \"%.40s\"; cadencia campaign list shows them", j->campaign);
    else
      status = r < 0 ? call_refuse_store(c, r, "record of pacing") : answer(c, j, lang && strcmp(lang, "es") == 0);
  }
  free(j);
  return status;
}
