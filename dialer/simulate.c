/* cadencia simulate — the floor in virtual time. */
#include "dialer/base/share.h"
#include "dialer/commands.h"
#include "dialer/sim/world.h"
#include <cadencia/err.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void usage(FILE *to) {
  fputs("Usage: cadencia simulate [options]\n\n"
        "Runs the real floor, pacing, law and records against invented callees in virtual time.\n"
        "The same options give the same run; the trace hash says so.\n\n"
        "  --agents N         agents on the floor (20)\n"
        "  --answer P         share of calls that are answered, 0.35 or 35% (35%)\n"
        "  --machines P       share of machines among the answers (30%)\n"
        "  --hours H          length of the shift in hours, 0.5 is half an hour (1)\n"
        "  --talk S --wrap S  mean talk and wrap-up time in seconds (60, 10)\n"
        "  --ring S           mean ring time of those who answer in seconds (8.5)\n"
        "  --limit P          abandonment limit (3%)\n"
        "  --lines N          trunk channels (plenty)\n"
        "  --policy WORD      progressive, ratio:2.5 or predictive (predictive)\n"
        "  --seed S           another day (1)\n"
        "  --faults           delay, duplicate and refuse messages, kill the SIP worker, stall the disk, step the clock, fill\n"
        "                     mailboxes, let callees hang up at any moment and people change their minds\n"
        "  --json             print JSON\n\n"
        "Examples:\n"
        "  cadencia simulate --agents 20 --answer 0.3 --hours 8 --seed 7\n"
        "  cadencia simulate --agents 20 --policy ratio:3 --json\n",
        to);
}

static int parse_share(const char *text, uint32_t *bp) {
  char *end;
  double v = strtod(text, &end);
  if (end == text || (*end && strcmp(end, "%") != 0)) return CAD_EINVAL;
  if (*end == '%') v /= 100;
  if (!(v >= 0 && v <= 1)) return CAD_EINVAL;
  *bp = (uint32_t)(v * 10000 + 0.5);
  return CAD_OK;
}

static int parse_number(const char *text, double least, double most, double scale, int64_t *out) {
  char *end;
  double v = strtod(text, &end);
  if (end == text || *end || !(v >= least && v <= most)) return CAD_EINVAL;
  *out = (int64_t)(v * scale + 0.5);
  return CAD_OK;
}

static int parse_policy(const char *text, struct world_params *p) {
  if (strncmp(text, "ratio:", 6) == 0) {
    int64_t x100;
    if (parse_number(text + 6, 1, 50, 100, &x100) < 0) return CAD_EINVAL;
    p->mode = PACING_RATIO;
    p->ratio_x100 = (uint32_t)x100;
    return CAD_OK;
  }
  int mode = pacing_mode_parse(text);
  if (mode != PACING_PROGRESSIVE && mode != PACING_PREDICTIVE) return CAD_EINVAL;
  p->mode = (enum pacing_mode)mode;
  return CAD_OK;
}

static int parse_option(const char *name, const char *value, struct world_params *p) {
  int64_t n = 0;
  int err = CAD_EINVAL;
  if (strcmp(name, "--answer") == 0) return parse_share(value, &p->answer_bp);
  if (strcmp(name, "--machines") == 0) return parse_share(value, &p->machine_bp);
  if (strcmp(name, "--limit") == 0) return parse_share(value, &p->limit_bp);
  if (strcmp(name, "--policy") == 0) return parse_policy(value, p);
  if (strcmp(name, "--agents") == 0) err = parse_number(value, 1, 500, 1, &n), p->agents = (uint32_t)n;
  if (strcmp(name, "--hours") == 0) err = parse_number(value, 0.01, 24, 3600000, &p->duration_ms);
  if (strcmp(name, "--talk") == 0) err = parse_number(value, 1, 3600, 1000, &n), p->talk_mean_ms = (uint32_t)n;
  if (strcmp(name, "--wrap") == 0) err = parse_number(value, 0.5, 3600, 1000, &n), p->wrapup_ms = (uint32_t)n;
  if (strcmp(name, "--ring") == 0) err = parse_number(value, 1, 60, 1000, &n), p->ring_mean_ms = (uint32_t)n;
  if (strcmp(name, "--lines") == 0) err = parse_number(value, 0, 100000, 1, &n), p->lines = (uint32_t)n;
  if (strcmp(name, "--seed") == 0) err = parse_number(value, 0, 9e15, 1, &n), p->seed = (uint64_t)n;
  return err;
}

static double percent(uint64_t num, uint64_t den) { return den ? 100.0 * (double)num / (double)den : 0; }

static void print_json(const struct world_params *p, const struct world_result *r, uint64_t occupancy_bp) {
  printf(
      "{\"agents\": %u, \"seed\": %llu, \"policy\": \"%s\", \"attempts\": %llu, \"answered\": %llu, \"people\": %llu, \"machines\": %llu, "
      "\"connected\": %llu, \"abandoned\": %llu, \"early_hangup\": %llu, \"taken_for_machine\": %llu, \"machines_to_agents\": %llu, "
      "\"abandonment\": {\"num\": %llu, \"den\": %llu}, \"occupancy_bp\": %llu, \"wait_ms\": {\"p50\": %u, \"p95\": %u}, \"log_rows\": "
      "%llu, "
      "\"refused\": %llu, \"worker_deaths\": %llu, \"steps\": %llu, \"hash\": \"%016llx\"}\n",
      p->agents, (unsigned long long)p->seed, pacing_mode_name(p->mode), (unsigned long long)r->attempts, (unsigned long long)r->answered,
      (unsigned long long)r->people, (unsigned long long)r->machines, (unsigned long long)r->connected, (unsigned long long)r->abandoned,
      (unsigned long long)r->early_hangup, (unsigned long long)r->taken_for_machine, (unsigned long long)r->machines_to_agents,
      (unsigned long long)r->abandoned, (unsigned long long)(r->abandoned + r->connected), (unsigned long long)occupancy_bp, r->wait_p50_ms,
      r->wait_p95_ms, (unsigned long long)r->log_rows, (unsigned long long)r->refused, (unsigned long long)r->worker_deaths,
      (unsigned long long)r->steps, (unsigned long long)r->hash);
}

static void print_table(const struct world_params *p, const struct world_result *r, uint64_t occupancy_bp) {
  double hours = (double)p->duration_ms / 3600000.0;
  printf("\n%u agents, %.1f h, %s, seed %llu\n\n", p->agents, hours, pacing_mode_name(p->mode), (unsigned long long)p->seed);
  printf("  attempts             %8llu   %.1f an hour and agent\n", (unsigned long long)r->attempts,
         (double)r->attempts / hours / p->agents);
  printf("  answered             %8llu   %.1f %%\n", (unsigned long long)r->answered, percent(r->answered, r->attempts));
  printf("  people / machines    %8llu / %llu\n", (unsigned long long)r->people, (unsigned long long)r->machines);
  printf("  connected            %8llu   greeting end to agent: median %u ms, p95 %u ms\n", (unsigned long long)r->connected,
         r->wait_p50_ms, r->wait_p95_ms);
  printf("  abandoned            %8llu   %.2f %% of %llu people (limit %.2f %%)\n", (unsigned long long)r->abandoned,
         percent(r->abandoned, r->abandoned + r->connected), (unsigned long long)(r->abandoned + r->connected), p->limit_bp / 100.0);
  printf("  hung up while waiting%8llu\n", (unsigned long long)r->early_hangup);
  printf("  occupancy            %8.1f %%  (talk and wrap-up of logged-in time)\n", (double)occupancy_bp / 100.0);
  printf("  trace                %016llx  (same options, same trace)\n\n", (unsigned long long)r->hash);
}

static void show_progress(void *arg, int64_t ms) {
  const struct world_params *p = arg;
  fprintf(stderr, "\r  simulated %4lld of %lld minutes", (long long)(ms / 60000), (long long)(p->duration_ms / 60000));
  fflush(stderr);
}

int simulate_main(int argc, char **argv) {
  struct world_params p;
  world_defaults(&p);
  bool json = false;
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
      usage(stdout);
      return 0;
    }
    if (strcmp(argv[i], "--json") == 0) {
      json = true;
    } else if (strcmp(argv[i], "--faults") == 0) {
      p.delay_bp = 300;
      p.duplicate_bp = 300;
      p.refuse_bp = 100;
      p.vanish_bp = 100;
      p.worker_deaths = 5;
      p.stall_bp = 20;
      p.cross_bp = 50;
      p.hangup_bp = 300;
      p.whim_ms = 60000;
      p.pressure_ms = 120000;
      p.clock_steps = 2;
    } else if (i + 1 >= argc || parse_option(argv[i], argv[i + 1], &p) < 0) {
      fprintf(stderr, "cadencia simulate: '%s%s%s' is not understood\n\n", argv[i], i + 1 < argc ? " " : "",
              i + 1 < argc ? argv[i + 1] : "");
      usage(stderr);
      return 2;
    } else {
      i++;
    }
  }
  char share[256];
  share_find(share, sizeof share);
  p.share_dir = share;
  struct world_result r;
  char broken[160];
  bool tty = isatty(2) && !json;
  int err = world_run(&p, &r, broken, tty ? show_progress : NULL, &p);
  if (tty) fputs("\r                                        \r", stderr);
  if (err < 0) {
    fprintf(stderr, "cadencia simulate: %s\n", broken[0] ? broken : err_name(err));
    return 1;
  }
  uint64_t busy = r.talk_ms + r.wrapup_ms, total = busy + r.ready_ms, occupancy_bp = total ? busy * 10000 / total : 0;
  if (json)
    print_json(&p, &r, occupancy_bp);
  else
    print_table(&p, &r, occupancy_bp);
  return 0;
}
