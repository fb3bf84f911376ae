/* What a rehearsal tells while it runs. */
#include "dialer/base/clock.h"
#include "dialer/local/why.h"
#include "dialer/rehearse.h"
#include "dialer/sim/cast.h"
#include <cadencia/err.h>
#include <string.h>
#include <unistd.h>

enum { PLAIN_EVERY_MS = 5000 };

void show_start(const struct rehearsal *r) {
  char at[25];
  bool es = r->opt.spanish;
  clock_iso8601(r->rules_time, at);
  printf(es ? "Ensayo: %llu contactos%s, %u agentes simulados, una operadora simulada en 127.0.0.1:%u. No se llama a nadie.\n"
            : "Rehearsal: %llu contacts%s, %u simulated agents, a simulated carrier at 127.0.0.1:%u. Nobody is called.\n",
         (unsigned long long)r->imported, r->opt.contacts == NULL && r->opt.callees == NULL ? es ? " inventados" : " (invented)" : "",
         r->opt.agents, r->carrier_port);
  if (r->rejected > 0)
    printf(es ? "%llu filas rechazadas; los motivos están en %s/rejects.csv\n"
              : "%llu rows were rejected; the reasons are in %s/rejects.csv\n",
           (unsigned long long)r->rejected, r->dir);
  printf(es ? "El reloj de las reglas marca %s; a esa hora el horario permite llamar a %llu contactos.\n"
            : "The rules' clock says %s; the hours of %llu contacts are open then.\n",
         at, (unsigned long long)r->callable);
  if (r->cfg.console_host[0] != 0)
    printf(es ? "Página en vivo: http://%s:%u/\n" : "Live page: http://%s:%u/\n", r->cfg.console_host, r->cfg.console_port);
  printf(es ? "Archivos: %s\n\n" : "Files: %s\n\n", r->dir);
  fflush(stdout);
}

static const struct live_campaign *campaign_of(const struct live *live) {
  for (unsigned i = 0; i < live->campaign_count && i < LIVE_CAMPAIGNS_MAX; i++)
    if (strcmp(live->campaigns[i].name, REHEARSE_CAMPAIGN) == 0) return &live->campaigns[i];
  return NULL;
}

void show_progress(struct rehearsal *r, struct now now) {
  bool tty = isatty(STDOUT_FILENO) == 1, es = r->opt.spanish;
  if (!tty && mono_since(now.mono, r->shown) < PLAIN_EVERY_MS) return;
  const struct live_campaign *c = campaign_of(&r->last);
  if (c == NULL) return;
  r->shown = now.mono;
  unsigned states[AGENT_STATE_COUNT] = {0};
  for (unsigned i = 0; i < r->last.agent_count && i < LIVE_AGENTS_MAX; i++)
    if (r->last.agents[i].state < AGENT_STATE_COUNT) states[r->last.agents[i].state]++;
  long long s = (long long)mono_since(now.mono, r->started) / 1000;
  printf(es ? "%s%02lld:%02lld  llamados %llu/%llu  sonando %u  hablando %u  conectadas %llu  contestadores %llu  abandono %llu/%llu  "
              "agentes: %u libres, %u hablando, %u en notas%s"
            : "%s%02lld:%02lld  called %llu/%llu  ringing %u  talking %u  connected %llu  machines %llu  abandoned %llu/%llu  "
              "agents: %u ready, %u talking, %u wrap-up%s",
         tty ? "\r\033[K" : "", s / 60, s % 60, (unsigned long long)c->attempts, (unsigned long long)r->imported, c->dialing + c->ringing,
         c->talking, (unsigned long long)c->connected, (unsigned long long)c->machines, (unsigned long long)c->abandoned,
         (unsigned long long)c->live_answers, states[AGENT_READY] + states[AGENT_RESERVED], states[AGENT_TALKING], states[AGENT_WRAPUP],
         tty ? "" : "\n");
  fflush(stdout);
}

void show_end(struct rehearsal *r) {
  bool es = r->opt.spanish;
  if (isatty(STDOUT_FILENO) == 1) putchar('\n');
  if (r->timed_out) printf(es ? "Se acabó el tiempo (%u s).\n" : "Time is up (%u s).\n", r->opt.seconds);
  if (r->stuck)
    puts(es ? "Los contactos que quedan no se pueden llamar ahora (horario, zona, intentos)."
            : "The contacts that are left may not be called now (hours, zone, attempts).");
  if (r->stuck && !r->opt.once) printf("  cadencia why campaign " REHEARSE_CAMPAIGN " -c %s/cadencia.conf\n", r->dir);
  if (r->carrier_lost)
    puts(es ? "AVISO: la operadora simulada terminó antes de tiempo." : "NOTE: the simulated carrier ended before its time.");
}

/* Who was not called, or not often enough, and what keeps each. */
void show_left(const struct rehearsal *r, struct store *s) {
  static struct why_campaign why;
  bool es = r->opt.spanish, first = true;
  if (store_why_campaign(s, REHEARSE_CAMPAIGN, clock_wall(), &why) < 0) return; /* the daemon has the records: its own command tells */
  for (int i = 0; i < why.reason_count; i++) {
    const struct why_reason *left = &why.reasons[i];
    if (strncmp(left->word, "finished:", 9) == 0) continue;
    if (first) puts(es ? "\nContactos que quedan, y por qué" : "\nContacts that are left, and why");
    first = false;
    printf("  %-40s %10llu    %s\n", left->word, (unsigned long long)left->contacts, left->refusal ? why_refusal(left->refusal, es) : "");
  }
}

static void put_range(const char *name, const char *ms) {
  int64_t low, high;
  if (rehearse_range(ms, &low, &high) == CAD_OK) printf(" --%s %g-%g", name, (double)low / 1000, (double)high / 1000);
}

void show_in_virtual_time(const struct rehearsal *r) {
  const struct rehearse_options *o = &r->opt;
  bool invented = o->callees == NULL && o->contacts == NULL && o->campaign == NULL, es = o->spanish;
  int64_t ms = mono_since(r->ended.ms != 0 ? r->ended : clock_mono(), r->started);
  double hours = (double)(o->seconds != 0 && ms > (int64_t)o->seconds * 1000 ? (int64_t)o->seconds * 1000 : ms) / 3600000;
  if ((!invented && o->state == NULL) || r->started.ms == 0) return;
  fputs(es ? "\nLo mismo en tiempo virtual:\n" : "\nThe same in virtual time:\n", stdout);
  if (invented) {
    int answer_bp, machines_bp;
    cast_usual(&answer_bp, &machines_bp);
    if (o->answer_bp >= 0) answer_bp = o->answer_bp;
    if (o->machines_bp >= 0) machines_bp = o->machines_bp;
    int64_t most_bp = machines_bp < 10000 ? INT64_C(90000000) / (10000 - machines_bp) : 10000; /* of calls that people answer, there */
    if (answer_bp > most_bp) answer_bp = (int)most_bp;
    printf("  cadencia simulate --agents %u --answer %g%% --machines %g%%", o->agents, answer_bp / 100.0, machines_bp / 100.0);
    struct spread talk = {0};
    if (spread_parse_ms(o->talk_ms, &talk) == CAD_OK && talk.count == 0)
      printf(" --talk %g", talk.mean);
    else
      put_range("talk", o->talk_ms);
    put_range("wrap", o->wrapup_ms);
    printf(" --hours %.4f --days 5\n", hours);
  }
  if (o->state != NULL)
    printf("  cadencia simulate --replay " REHEARSE_CAMPAIGN " -c %s/cadencia.conf --hours %.4f --days 5\n", r->dir, hours);
}
