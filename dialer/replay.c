/* cadencia replay: steps through the flight recorder after an incident. */
#include "dialer/base/clock.h"
#include "dialer/base/config.h"
#include "dialer/commands.h"
#include "dialer/flight.h"
#include "dialer/floor/floor.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SLOTS = 1 << 16, REF_BYTES = 96 };

struct request {
  const char *config, *file;
  uint64_t attempt, agent; /* 0: all */
  struct wall since, until;
  long last; /* 0: all */
  bool json, step;
};
/* What is known of a call's or an agent's slot while the recording is read. */
struct subject {
  uint32_t gen;
  uint8_t state;
  bool known;
  uint64_t id;
};
struct replay {
  struct request q;
  struct flight_entry *all;
  int count;
  struct subject *calls, *agents;
  uint64_t steps, breaks, lost;
};

static void usage(FILE *to) {
  fputs("cadencia replay [FILE] [--attempt ID] [--agent ID] [--since TIME] [--until TIME] [--last N] [--json | --step] [-c CONFIG]\n\n"
        "Steps through the flight recorder: what the floor was told, which calls and agents changed by it, and what it ordered. The "
        "recorder\n"
        "keeps the newest 131,072 entries, ids only, in state_dir/flight; it outlives a crash of the daemon and can be read while one "
        "runs.\n\n"
        "  FILE          a recording; without it the one of the configuration's state_dir\n"
        "  --attempt ID  the steps that touch this attempt (cadencia export calls shows the ids)\n"
        "  --agent ID    the steps that touch this agent (cadencia agent list --json shows the ids)\n"
        "  --since TIME  from then on, UTC: 2026-11-21 or 2026-11-21T16:00:05Z; --until: before\n"
        "  --last N      the last N steps of these\n"
        "  --json        one JSON object a line\n"
        "  --step        waits for Enter after each step; q ends\n\n"
        "  cadencia replay --last 40\n"
        "  cadencia replay --attempt 382793046158213120\n"
        "  cadencia replay --since 2026-11-21T16:00Z --until 2026-11-21T16:02Z --json > incident.jsonl\n",
        to);
}

/* ---- words ---- */

static const char *out_name(unsigned spoke) {
  static const char *const NAMES[SPOKE_COUNT] = {"sip", "media", "store", "reply"};
  return spoke < SPOKE_COUNT ? NAMES[spoke] : "?";
}

static const char *state_word(const struct flight_entry *e, unsigned state) {
  if (e->what == FLIGHT_AGENT) return agent_state_name((enum agent_state)state);
  return call_state_name((enum call_state)state);
}

/* What the mail's codes say, "" when they say nothing. */
static void code_words(const struct flight_entry *e, char out[64]) {
  out[0] = 0;
  switch ((enum mail_kind)e->kind) {
  case SIP_PROGRESS:
  case SIP_ANSWERED:
  case SIP_REJECT: snprintf(out, 64, "%u", e->code); break;
  case SIP_ENDED: snprintf(out, 64, "%u %s", e->code, cause_name((enum cause)e->detail)); break;
  case SIP_TRUNK_STATE: snprintf(out, 64, "%s %u", trunk_state_name((enum trunk_state)e->detail), e->code); break;
  case SIP_PHONE: snprintf(out, 64, "%s", e->code ? "up" : "gone"); break;
  case MEDIA_VERDICT:
  case MEDIA_LATE:
    snprintf(out, 64, "%s, %s", verdict_name((enum verdict)e->code), verdict_reason_name((enum verdict_reason)e->detail));
    break;
  case STORE_REFUSED: snprintf(out, 64, "%s", refusal_name((enum refusal)e->code)); break;
  case STORE_CLOSE: snprintf(out, 64, "%s, %s", outcome_name((enum outcome)e->code), cause_name((enum cause)e->detail)); break;
  case STORE_AGENT:
  case STORE_AGENT_LOG:
  case ORDER_AGENT: snprintf(out, 64, "%s", agent_state_name((enum agent_state)e->code)); break;
  case ORDER_REPLY:
    if (e->code) snprintf(out, 64, "error %u", e->code);
    break;
  case ORDER_CLOCK: snprintf(out, 64, "%s%s", e->code ? "believed" : "doubted", e->detail ? ", stepped" : ""); break;
  default: break;
  }
}

/* Ids of calls and seats by what the recording said of their slots. */
static uint64_t id_of(const struct replay *r, const struct flight_entry *e) {
  const struct subject *s = e->about == ABOUT_CALL ? r->calls : e->about == ABOUT_SEAT ? r->agents : NULL;
  if (e->id || !s || e->slot >= SLOTS) return e->id;
  s += e->slot;
  return s->known && (e->about == ABOUT_SEAT || s->gen == e->gen) ? s->id : 0;
}

static bool is_attempt(const struct flight_entry *e) {
  return e->about == ABOUT_CALL || e->about == ABOUT_ATTEMPT || (e->about == ABOUT_SESSION && e->id);
}
static bool is_agent(const struct flight_entry *e) { return e->about == ABOUT_SEAT || e->about == ABOUT_AGENT; }

static void ref_words(const struct replay *r, const struct flight_entry *e, char out[REF_BYTES]) {
  static const char *const NAMES[ABOUT_COUNT] = {"",       "attempt", "agent", "session",  "offer", "trunk",
                                                 "worker", "attempt", "agent", "campaign", "queue", "case"};
  unsigned long long id = id_of(r, e);
  switch ((enum flight_about)e->about) {
  case ABOUT_NOTHING: out[0] = 0; break;
  case ABOUT_SESSION:
  case ABOUT_OFFER:
    snprintf(out, REF_BYTES, "%s %u.%u", NAMES[e->about], e->slot, e->gen);
    if (id) snprintf(out, REF_BYTES, "session %u.%u of attempt %llu", e->slot, e->gen, id);
    break;
  case ABOUT_TRUNK:
  case ABOUT_WORKER: snprintf(out, REF_BYTES, "%s %u", NAMES[e->about], e->slot); break;
  case ABOUT_CALL:
  case ABOUT_SEAT:
    if (!id) {
      snprintf(out, REF_BYTES, "%s %u.%u", e->about == ABOUT_CALL ? "call" : "seat", e->slot, e->gen);
      break;
    }
    /* fall through */
  default: snprintf(out, REF_BYTES, "%s %llu", NAMES[e->about], id); break;
  }
}

/* ---- printing ---- */

static void print_text(const struct replay *r, const struct flight_entry *e, bool broken) {
  char at[25], ref[REF_BYTES], code[64];
  clock_iso8601(e->at, at);
  ref_words(r, e, ref);
  code_words(e, code);
  switch ((enum flight_what)e->what) {
  case FLIGHT_START: printf("%s  -- the daemon started --\n", at); break;
  case FLIGHT_TIME: printf("%s  (time passed)\n", at); break;
  case FLIGHT_IN: {
    printf("%s  %s%s%s%s%s", at, mail_kind_name((enum mail_kind)e->kind), code[0] ? " " : "", code, ref[0] ? "  " : "", ref);
    if (e->lag_ms > 50) printf("  (%u ms old)", e->lag_ms);
    putchar('\n');
    break;
  }
  case FLIGHT_OUT:
    printf("    order to %-5s %s%s%s%s%s\n", out_name(e->from), mail_kind_name((enum mail_kind)e->kind), code[0] ? " " : "", code,
           ref[0] ? "  " : "", ref);
    break;
  case FLIGHT_MORE: printf("    and %llu changes more\n", (unsigned long long)e->id); break;
  default:
    printf("    %s: %s -> %s%s%s%s\n", ref, state_word(e, e->from), state_word(e, e->to), e->event != OUTBOX_NO_EVENT ? ", by " : "",
           e->event != OUTBOX_NO_EVENT ? call_event_name((enum call_event)e->event) : "",
           broken ? "  [it was in another state before: something is missing here]" : "");
    break;
  }
}

static void print_json(const struct replay *r, const struct flight_entry *e, bool broken) {
  static const char *const WHATS[FLIGHT_WHAT_COUNT] = {"?", "start", "in", "time", "call", "agent", "out", "more"};
  char at[25], code[64];
  clock_iso8601(e->at, at);
  code_words(e, code);
  unsigned long long id = id_of(r, e);
  printf("{\"order\":%llu,\"at\":\"%s\",\"what\":\"%s\"", (unsigned long long)e->order, at, WHATS[e->what]);
  if (e->kind) printf(",\"mail\":\"%s\",\"code\":%u", mail_kind_name((enum mail_kind)e->kind), e->code);
  if (code[0]) printf(",\"means\":\"%s\"", code);
  if (e->what == FLIGHT_OUT) printf(",\"to\":\"%s\"", out_name(e->from));
  if (e->what == FLIGHT_IN) printf(",\"age_ms\":%u", e->lag_ms);
  if (id) printf(",\"%s\":\"%llu\"", is_attempt(e) ? "attempt" : is_agent(e) ? "agent" : "id", id);
  if (e->about) printf(",\"slot\":%u,\"gen\":%u", e->slot, e->gen);
  if (e->what == FLIGHT_CALL || e->what == FLIGHT_AGENT)
    printf(",\"from\":\"%s\",\"to\":\"%s\",\"joins\":%s", state_word(e, e->from), state_word(e, e->to), broken ? "false" : "true");
  if (e->what == FLIGHT_CALL && e->event != OUTBOX_NO_EVENT) printf(",\"event\":\"%s\"", call_event_name((enum call_event)e->event));
  puts("}");
}

/* ---- reading on ---- */

/* Takes a change over; true when it does not follow from what was known. */
static bool learn(struct replay *r, const struct flight_entry *e) {
  if (e->what == FLIGHT_START) {
    memset(r->calls, 0, SLOTS * sizeof *r->calls);
    memset(r->agents, 0, SLOTS * sizeof *r->agents);
  }
  if ((e->what != FLIGHT_CALL && e->what != FLIGHT_AGENT) || e->slot >= SLOTS) return false;
  struct subject *s = (e->what == FLIGHT_CALL ? r->calls : r->agents) + e->slot;
  bool broken = s->known && s->gen == e->gen && s->state != e->from;
  *s = (struct subject){e->gen, e->to, true, e->id};
  return broken;
}

static bool wanted(const struct replay *r, const struct flight_entry *e) {
  const struct request *q = &r->q;
  if ((q->since.ms && e->at.ms < q->since.ms) || (q->until.ms && e->at.ms >= q->until.ms)) return false;
  if (!q->attempt && !q->agent) return true;
  uint64_t id = id_of(r, e);
  return id && ((q->attempt && is_attempt(e) && id == q->attempt) || (q->agent && is_agent(e) && id == q->agent));
}

static bool begins_step(const struct flight_entry *e) { return e->what == FLIGHT_IN || e->what == FLIGHT_TIME || e->what == FLIGHT_START; }

/* Waits for Enter; false: q. */
static bool go_on(void) {
  int c = getchar();
  bool quit = c == 'q' || c == EOF;
  while (c != '\n' && c != EOF) c = getchar();
  return !quit;
}

/* The step that begins at `from`, printed when it is wanted and its number above `skip`. Returns where the next begins. */
static int one_step(struct replay *r, int from, uint64_t skip, bool print, bool *quit) {
  int until = from + 1;
  bool want = false;
  while (until < r->count && !begins_step(&r->all[until]) && r->all[until].order == r->all[until - 1].order + 1) until++;
  for (int i = from; i < until; i++) { /* a call that is new in this step is known by its change alone */
    if (r->all[i].what == FLIGHT_CALL && r->all[i].from == CALL_FREE && r->all[i].slot < SLOTS)
      r->calls[r->all[i].slot] = (struct subject){r->all[i].gen, CALL_FREE, true, r->all[i].id};
    want |= wanted(r, &r->all[i]);
  }
  r->steps += want;
  bool show = want && print && r->steps > skip;
  for (int i = from; i < until; i++) {
    bool broken = learn(r, &r->all[i]);
    r->breaks += broken;
    if (show) (r->q.json ? print_json : print_text)(r, &r->all[i], broken);
  }
  if (show && r->q.step) *quit = !go_on();
  return until;
}

static void pass(struct replay *r, uint64_t skip, bool print) {
  static const struct flight_entry NEW_LIFE = {.what = FLIGHT_START};
  bool quit = false;
  r->steps = r->breaks = r->lost = 0;
  learn(r, &NEW_LIFE);
  for (int i = 0; i < r->count && !quit;) {
    if (i > 0 && r->all[i].order != r->all[i - 1].order + 1) {
      r->lost += r->all[i].order - r->all[i - 1].order - 1;
      learn(r, &NEW_LIFE); /* what changed in the gap is not known */
    }
    i = one_step(r, i, skip, print, &quit);
  }
}

static int replay(struct replay *r) {
  static struct config config;
  char path[CONFIG_PATH_MAX + 16];
  const char *file = r->q.file;
  if (!file) {
    const char *from = r->q.config                                        ? r->q.config
                       : access("/etc/cadencia/cadencia.conf", F_OK) == 0 ? "/etc/cadencia/cadencia.conf"
                                                                          : "etc/cadencia.conf";
    if (config_load(from, &config, stderr) < 0) return 1;
    snprintf(path, sizeof path, "%s/flight", config.state_dir);
    file = path;
  }
  r->count = flight_read(file, &r->all, stderr);
  if (r->count < 0) return 1;
  uint64_t skip = 0;
  if (r->q.last > 0) {
    pass(r, 0, false);
    skip = r->steps > (uint64_t)r->q.last ? r->steps - (uint64_t)r->q.last : 0;
  }
  pass(r, skip, true);
  if (r->q.json) return 0;
  printf("%llu steps of %d entries; ", (unsigned long long)r->steps, r->count);
  if (r->lost) printf("%llu entries are missing; ", (unsigned long long)r->lost);
  if (r->breaks)
    printf("%llu changes do not join up\n", (unsigned long long)r->breaks);
  else
    puts("every call and agent went on from the state it was in");
  return 0;
}

/* ---- options ---- */

static int id_option(const char *name, const char *text, uint64_t *out) {
  char *end;
  *out = strtoull(text, &end, 10);
  if (*out && !*end && text[0] >= '0' && text[0] <= '9') return CAD_OK;
  fprintf(stderr, "cadencia replay: %s wants an id, digits alone; got \"%s\"\n", name, text);
  return CAD_EINVAL;
}

static int time_option(const char *name, const char *text, struct wall *out) {
  *out = clock_parse(text, strlen(text));
  if (out->ms) return CAD_OK;
  fprintf(stderr, "cadencia replay: %s \"%s\" is no instant; write 2026-11-21 or 2026-11-21T16:00:05Z\n", name, text);
  return CAD_EINVAL;
}

static int value_option(struct request *q, const char *name, const char *text) {
  if (strcmp(name, "-c") == 0 || strcmp(name, "--config") == 0)
    q->config = text;
  else if (strcmp(name, "--attempt") == 0)
    return id_option(name, text, &q->attempt);
  else if (strcmp(name, "--agent") == 0)
    return id_option(name, text, &q->agent);
  else if (strcmp(name, "--since") == 0)
    return time_option(name, text, &q->since);
  else if (strcmp(name, "--until") == 0)
    return time_option(name, text, &q->until);
  else if (strcmp(name, "--last") == 0) {
    char *end;
    q->last = strtol(text, &end, 10);
    if (q->last > 0 && !*end) return CAD_OK;
    fprintf(stderr, "cadencia replay: --last wants a number from 1 on; got \"%s\"\n", text);
    return CAD_EINVAL;
  } else {
    fprintf(stderr, "cadencia replay: unknown option %s; cadencia replay --help lists them\n", name);
    return CAD_EINVAL;
  }
  return CAD_OK;
}

static int parse(struct request *q, int argc, char **argv) {
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "--json") == 0)
      q->json = true;
    else if (strcmp(argv[i], "--step") == 0)
      q->step = true;
    else if (argv[i][0] != '-' && !q->file)
      q->file = argv[i];
    else if (argv[i][0] != '-') {
      fprintf(stderr, "cadencia replay: one recording at a time; \"%s\" is one too many\n", argv[i]);
      return CAD_EINVAL;
    } else if (i + 1 < argc) {
      if (value_option(q, argv[i], argv[i + 1]) < 0) return CAD_EINVAL;
      i++;
    } else {
      fprintf(stderr, "cadencia replay: %s is unknown or wants a value; cadencia replay --help lists the options\n", argv[i]);
      return CAD_EINVAL;
    }
  }
  return CAD_OK;
}

int replay_main(int argc, char **argv) {
  if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
    usage(stdout);
    return 0;
  }
  struct replay r = {0};
  if (parse(&r.q, argc, argv) < 0) return 2;
  r.calls = calloc(SLOTS, sizeof *r.calls);
  r.agents = calloc(SLOTS, sizeof *r.agents);
  int status = r.calls && r.agents ? replay(&r) : 1;
  free(r.all);
  free(r.calls);
  free(r.agents);
  return status;
}
