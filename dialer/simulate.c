/* cadencia simulate — the floor in virtual time. */
#include "dialer/simulate.h"
#include "dialer/base/share.h"
#include "dialer/commands.h"
#include <cadencia/err.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void usage(FILE *to) {
  fputs("Usage: cadencia simulate [--scenario FILE | --replay CAMPAIGN] [options]\n\n"
        "Runs the real control, floor, pacer, law and records against invented callees and agents in virtual time.\n"
        "The same options give the same run; the trace hash says so.\n\n"
        "The day:\n"
        "  --scenario FILE    a file of etc/scenarios, or one of their names such as shock-10 (--scenario-help: all keys)\n"
        "  --replay CAMPAIGN  rates, ring, talk and wrap-up times of a real campaign, from the records that -c FILE names\n"
        "  --days N           so many days, each with the next seed (1)\n"
        "  --seed S           the first day's seed (1)\n\n"
        "What if (also over a scenario or a replay):\n"
        "  --agents N|+N|-N   agents on the floor (20)\n"
        "  --limit P          abandonment limit (3%)\n"
        "  --no-screening     machines go to agents (--screening: they do not)\n"
        "  --hours H          length of the shift in hours, 0.5 is half an hour (1)\n"
        "  --answer P         share of calls that are answered, 0.35 or 35%, machines included (35%)\n"
        "  --machines P       share of machines among the answers (30%)\n"
        "  --talk S --wrap S  mean talk and wrap-up time in seconds (60, 10), or a range: 25-35\n"
        "  --ring S           mean ring time of those who answer in seconds (8.5), or a range\n"
        "  --give-up S        seconds of ringing after which a call may be given up for a likelier one (15); 120: never\n"
        "  --lines N          trunk channels (6 an agent and 10)\n"
        "  --policy WORD      ours (also: predictive), progressive, ratio:2.5: what Cadencia can be set to;\n"
        "                     fixed:2.5, vicidial:ratio|hard_limit|tapered|average[,max=3,pct=3,target=-1,available]: what others do\n\n"
        "Output:\n"
        "  --json             print JSON\n"
        "  --plot OUT         utilisation, people lost, idle time and credit through the day, as OUT.html or OUT.svg\n"
        "  --faults           delay, duplicate and refuse messages, kill the SIP worker, stall the disk, step the clock, fill\n"
        "                     mailboxes, let callees hang up at any moment and people change their minds\n\n"
        "Examples:\n"
        "  cadencia simulate --agents 20 --answer 30% --hours 8 --seed 7\n"
        "  cadencia simulate --scenario shock-10 --days 20 --plot shock.html\n"
        "  cadencia simulate --scenario cold-5 --policy vicidial:hard_limit --days 6\n"
        "  cadencia simulate --replay spring -c /etc/cadencia/cadencia.conf --agents +2 --limit 2% --no-screening\n",
        to);
}

struct request {
  struct simulated s;
  const char *scenario, *replay, *config, *plot;
  bool json;
  /* what-ifs, applied after the day is read; text NULL: not asked for */
  const char *agents, *limit, *hours, *answer, *machines, *talk, *wrap, *ring, *lines, *give_up;
  int screening; /* -1: as the day says */
};

static int parse_share(const char *text, double *pct) {
  char *end;
  double v = strtod(text, &end);
  if (end == text || (*end && strcmp(end, "%") != 0)) return CAD_EINVAL;
  if (*end != '%') v *= 100;
  if (!(v >= 0 && v <= 100)) return CAD_EINVAL;
  *pct = v;
  return CAD_OK;
}

static int parse_number(const char *text, double least, double most, double *out) {
  char *end;
  double v = strtod(text, &end);
  if (end == text || *end || !(v >= least && v <= most)) return CAD_EINVAL;
  *out = v;
  return CAD_OK;
}

static int parse_policy(struct request *q, const char *text) {
  struct world_params *p = &q->s.params;
  double ratio;
  q->s.policy = text;
  if (strcmp(text, "ours") == 0 || strcmp(text, "predictive") == 0) {
    p->mode = PACING_PREDICTIVE;
  } else if (strcmp(text, "progressive") == 0) {
    p->mode = PACING_PROGRESSIVE;
  } else if (strncmp(text, "ratio:", 6) == 0 && parse_number(text + 6, 1, 20, &ratio) == CAD_OK) {
    p->mode = PACING_RATIO;
    p->ratio_x100 = (uint32_t)(ratio * 100 + 0.5);
  } else if (rival_parse(text, &p->rival)) {
    p->mode = PACING_PROGRESSIVE; /* underneath; its orders are replaced */
  } else {
    return CAD_EINVAL;
  }
  return CAD_OK;
}

static int whole(const char *text, double least, double most, uint64_t *out) {
  double v;
  int err = parse_number(text, least, most, &v);
  if (err == CAD_OK) *out = (uint64_t)v;
  return err;
}

static int parse_option(struct request *q, const char *name, const char *value) {
  const struct {
    const char *name, **place;
  } texts[] = {{"--scenario", &q->scenario}, {"--replay", &q->replay},     {"-c", &q->config},        {"--config", &q->config},
               {"--plot", &q->plot},         {"--agents", &q->agents},     {"--limit", &q->limit},    {"--hours", &q->hours},
               {"--answer", &q->answer},     {"--machines", &q->machines}, {"--talk", &q->talk},      {"--wrap", &q->wrap},
               {"--ring", &q->ring},         {"--lines", &q->lines},       {"--give-up", &q->give_up}};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
    if (strcmp(name, texts[i].name) == 0) {
      *texts[i].place = value;
      return CAD_OK;
    }
  uint64_t n;
  if (strcmp(name, "--policy") == 0) return parse_policy(q, value);
  if (strcmp(name, "--seed") == 0) return whole(value, 0, 9e15, &q->s.params.seed);
  if (strcmp(name, "--days") != 0 || whole(value, 1, SIMULATE_DAYS_MAX, &n) < 0) return CAD_EINVAL;
  q->s.days = (unsigned)n;
  return CAD_OK;
}

static void all_faults(struct world_params *p) {
  p->delay_bp = p->duplicate_bp = p->hangup_bp = 300;
  p->refuse_bp = p->vanish_bp = 100;
  p->worker_deaths = 5;
  p->stall_bp = 20;
  p->cross_bp = 50;
  p->whim_ms = 60000;
  p->pressure_ms = 120000;
  p->clock_steps = 2;
  p->on_demand = p->sloppy = true;
}

/* Flags; false: it is none. */
static bool take_flag(struct request *q, const char *word) {
  if (strcmp(word, "--json") == 0)
    q->json = true;
  else if (strcmp(word, "--faults") == 0)
    all_faults(&q->s.params);
  else if (strcmp(word, "--no-screening") == 0 || strcmp(word, "--screening") == 0)
    q->screening = word[2] == 's';
  else
    return false;
  return true;
}

/* ---- the day ---- */

static const char *find_scenario(const char *name, char *path, size_t size) {
  if (strchr(name, '/') || strchr(name, '.')) return name;
  char share[256];
  share_find(share, sizeof share);
  snprintf(path, size, "%s/scenarios/%s.conf", share, name);
  return path;
}

static int apply_agents(const char *text, struct scenario *d) {
  bool relative = text[0] == '+' || text[0] == '-';
  double v;
  if (parse_number(text, -SCENARIO_AGENTS_MAX, SCENARIO_AGENTS_MAX, &v) < 0) return CAD_EINVAL;
  v += relative ? d->agents : 0;
  if (v < 1 || v > SCENARIO_AGENTS_MAX) return CAD_EINVAL;
  d->agents = (uint32_t)v;
  return CAD_OK;
}

/* People answer with answer x (1 - machines); the rest of the calls holds the machines. */
static int apply_answers(const struct request *q, struct scenario *d) {
  double people = d->answer_pct, found = d->machine_pct / 100 * (100 - people), all = people + found,
         share = all > 0 ? found / all * 100 : 0;
  if (q->answer && parse_share(q->answer, &all) < 0) return CAD_EINVAL;
  if (q->machines && parse_share(q->machines, &share) < 0) return CAD_EINVAL;
  people = all * (100 - share) / 100;
  if (people > 90) return CAD_EINVAL;
  d->answer_pct = people;
  d->machine_pct = people < 100 ? all * share / (100 - people) : 0;
  double others = d->busy_pct + d->fail_pct;
  if (d->machine_pct + others > 100) {
    double left = d->machine_pct < 100 ? 100 - d->machine_pct : 0;
    d->busy_pct *= left / others;
    d->fail_pct *= left / others;
  }
  return CAD_OK;
}

/* A mean, or a range of which any value is as likely. */
static int apply_spread(const char *text, double least, double most, struct spread *s) {
  double v, high;
  int used = 0;
  if (sscanf(text, "%lf-%lf%n", &v, &high, &used) == 2 && text[used] == 0) {
    if (!(v >= least && high >= v && high <= most)) return CAD_EINVAL;
    *s = (struct spread){.mean = (v + high) / 2, .count = 2, .quantile = {v, high}};
    return CAD_OK;
  }
  if (parse_number(text, least, most, &v) < 0) return CAD_EINVAL;
  s->mean = v;
  s->count = 0;
  return CAD_OK;
}

/* The option that is wrong, or NULL. */
static const char *apply_what_ifs(const struct request *q, struct scenario *d) {
  double v;
  if (q->agents && apply_agents(q->agents, d) < 0) return "--agents";
  if (q->hours && parse_number(q->hours, 0.01, 24, &d->hours) < 0) return "--hours";
  if (q->limit && (parse_share(q->limit, &d->limit_pct) < 0 || d->limit_pct < 0.1 || d->limit_pct > 20)) return "--limit";
  if ((q->answer || q->machines) && apply_answers(q, d) < 0) return q->answer ? "--answer" : "--machines";
  if (q->talk && apply_spread(q->talk, 1, 3600, &d->talk) < 0) return "--talk";
  if (q->wrap && apply_spread(q->wrap, 0.5, 3600, &d->wrap) < 0) return "--wrap";
  if (q->ring && apply_spread(q->ring, 1, 60, &d->ring) < 0) return "--ring";
  if (q->lines) {
    if (parse_number(q->lines, 0, 10000, &v) < 0) return "--lines";
    d->lines = (uint32_t)v;
  }
  if (q->give_up && parse_number(q->give_up, 15, 120, &d->give_up_s) < 0) return "--give-up";
  if (q->screening >= 0) d->screening = (uint8_t)q->screening;
  return NULL;
}

static int make_day(struct request *q) {
  struct scenario *d = &q->s.params.day;
  char path[320];
  if (q->scenario && q->replay) {
    fputs("cadencia simulate: --scenario and --replay both describe the day; keep one\n", stderr);
    return 2;
  }
  if (q->scenario && scenario_load(find_scenario(q->scenario, path, sizeof path), d, stderr) < 0) return 2;
  if (q->replay && simulate_replay(q->config, q->replay, d, stderr) < 0) return 1;
  const char *wrong = apply_what_ifs(q, d);
  if (wrong) {
    fprintf(stderr, "cadencia simulate: the value of %s is not understood or out of range; cadencia simulate --help shows each\n", wrong);
    return 2;
  }
  const char *fault = scenario_fault(d);
  if (fault) fprintf(stderr, "cadencia simulate: %s\n", fault);
  return fault ? 2 : 0;
}

/* ---- the run ---- */

static void show_progress(void *arg, int64_t ms) {
  const struct request *q = arg;
  fprintf(stderr, "\r  simulated %4lld of %.0f minutes", (long long)(ms / 60000), q->s.params.day.hours * 60);
  fflush(stderr);
}

static int run_days(struct request *q) {
  struct simulated *s = &q->s;
  char broken[160] = "", share[256];
  bool tty = isatty(2) && !q->json;
  share_find(share, sizeof share);
  s->results = calloc(s->days, sizeof *s->results);
  if (q->plot) s->minutes = calloc((size_t)s->days * SIMULATE_MINUTES, sizeof *s->minutes);
  if (!s->results || (q->plot && !s->minutes)) return CAD_ENOMEM;
  clock_t began = clock();
  int err = CAD_OK;
  for (unsigned i = 0; err == CAD_OK && i < s->days; i++) {
    struct world_params p = s->params;
    p.seed += i;
    p.share_dir = share;
    p.minutes = s->minutes ? s->minutes + (size_t)i * SIMULATE_MINUTES : NULL;
    p.minute_room = SIMULATE_MINUTES;
    err = world_run(&p, &s->results[i], broken, tty ? show_progress : NULL, q);
  }
  s->seconds = (double)(clock() - began) / CLOCKS_PER_SEC;
  if (tty) fputs("\r                                        \r", stderr);
  if (err < 0) fprintf(stderr, "cadencia simulate: %s\n", broken[0] ? broken : err_name(err));
  return err;
}

int simulate_main(int argc, char **argv) {
  static struct request q;
  q.screening = -1;
  q.s.days = 1;
  q.s.policy = "ours";
  world_defaults(&q.s.params);
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
      usage(stdout);
      return 0;
    }
    if (strcmp(argv[i], "--scenario-help") == 0) {
      scenario_help(stdout);
      return 0;
    }
    if (take_flag(&q, argv[i])) continue;
    if (i + 1 >= argc || parse_option(&q, argv[i], argv[i + 1]) < 0) {
      fprintf(stderr, "cadencia simulate: '%s%s%s' is not understood\n\n", argv[i], i + 1 < argc ? " " : "",
              i + 1 < argc ? argv[i + 1] : "");
      usage(stderr);
      return 2;
    }
    i++;
  }
  int status = make_day(&q);
  if (status) return status;
  int err = run_days(&q);
  if (err == CAD_OK && q.json) simulate_json(&q.s, stdout);
  if (err == CAD_OK && !q.json) simulate_table(&q.s, stdout);
  if (err == CAD_OK && q.plot && (err = simulate_plot(&q.s, q.plot)) < 0)
    fprintf(stderr, "cadencia simulate: %s cannot be written\n", q.plot);
  free(q.s.results);
  free(q.s.minutes);
  return err < 0 ? 1 : 0;
}
