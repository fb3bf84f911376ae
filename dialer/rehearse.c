/* cadencia rehearse — the real daemon against a simulated carrier and simulated agents on loopback. */
#include "dialer/rehearse.h"
#include "dialer/sim/scenario.h"
#include "dialer/base/clock.h"
#include "dialer/base/log.h"
#include "dialer/commands.h"
#include "dialer/daemon.h"
#include <cadencia/err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { QUIET_MS = 1500, STUCK_MS = 30000, LOOK_EVERY_MS = 1000, LAST_WORDS_MS = 1500, AGENTS_MOST = 500 };

static void usage(FILE *to) {
  fputs("Usage: cadencia rehearse [options]\n\n"
        "Runs a campaign with the real dialer over real SIP and RTP on loopback, against an invented carrier, invented\n"
        "people and invented agents. Nobody is called: the SIP worker refuses every peer that is not loopback. The rules'\n"
        "clock is set to a time at which the contacts may be called.\n\n"
        "      --contacts FILE   your own list (header row); default: invented numbers from ranges for fiction\n"
        "      --callees FILE    who answers and how, CSV: phone,behaviour,wav,ring_ms,answer_delay_ms,hangup_ms,sip_code\n"
        "      --agents N        simulated agents, 1 to 500; default 16\n"
        "      --count N         invented contacts; default 500, with --seconds enough for that time\n"
        "      --campaign FILE   campaign template; default: the sample campaign (etc/campaigns/demo.conf)\n"
        "      --seconds S       stop after S seconds; default: when every contact is finished\n"
        "      --answer P        share of the invented people's phones that are answered, 0.35 or 35%, machines included;\n"
        "                        default 53.8%\n"
        "      --machines P      share of machines among the answers; default 48.3%, with --answer 30%\n"
        "      --talk-ms A-B|M   length of the talks: any value between as likely, or a mean (log-normal, as cadencia simulate\n"
        "                        --talk draws it); default 6000-13000\n"
        "      --wrapup-ms A-B   how long agents take to say how it went; default 500-1500\n"
        "      --seed S          another invented world; default 1\n"
        "      --port P          TCP port of the page; the next free one if it is taken; default 8080\n"
        "      --json FILE       write the figures there\n"
        "      --details FILE    write one CSV row for each answered call: the carrier's truth and our verdict\n"
        "      --state DIR       keep records, log and invented files there; default: a folder that is removed at the end\n"
        "      --once            end when the campaign ends; else the page stays until Ctrl-C\n"
        "      --debug           log more\n\n"
        "Examples:\n"
        "  cadencia rehearse\n"
        "  cadencia rehearse --once --json out.json --agents 40 --count 1500\n"
        "  cadencia rehearse --contacts list.csv --callees callees.csv --agents 8 --seconds 300 --json out.json --once\n"
        "The columns of the callees file and the figures are explained in docs/rehearsal.md.\n",
        to);
}

static int whole(const char *name, const char *text, unsigned long least, unsigned long most, unsigned long *out) {
  char *end;
  errno = 0;
  unsigned long v = strtoul(text, &end, 10);
  if (errno == 0 && *text >= '0' && *text <= '9' && *end == 0 && v >= least && v <= most) {
    *out = v;
    return CAD_OK;
  }
  fprintf(stderr, "cadencia rehearse: --%s must be a whole number from %lu to %lu, not '%s'\n", name, least, most, text);
  return CAD_EINVAL;
}

int rehearse_range(const char *text, int64_t *low_ms, int64_t *high_ms) {
  long a, b;
  int used = 0;
  if (sscanf(text, "%ld-%ld%n", &a, &b, &used) != 2 || text[used] != 0 || a < 0 || b < a || b > 3600000) return CAD_EINVAL;
  *low_ms = a;
  *high_ms = b;
  return CAD_OK;
}

static int range(const char *name, const char *text, const char **out) {
  int64_t low, high;
  *out = text;
  if (rehearse_range(text, &low, &high) == CAD_OK) return CAD_OK;
  fprintf(stderr, "cadencia rehearse: --%s is two whole numbers of milliseconds such as 6000-13000, not '%s'\n", name, text);
  return CAD_EINVAL;
}

static int talk(const char *name, const char *text, const char **out) {
  struct spread s;
  *out = text;
  if (spread_parse_ms(text, &s) == CAD_OK) return CAD_OK;
  fprintf(stderr, "cadencia rehearse: --%s is milliseconds such as 6000-13000, or a mean such as 30000, not '%s'\n", name, text);
  return CAD_EINVAL;
}

/* 0.35 or 35% */
static int share(const char *name, const char *text, int *out_bp) {
  char *end;
  double v = strtod(text, &end) * 10000;
  if (*end == '%') v /= 100, end++;
  if (end != text && *end == 0 && v >= 0 && v <= 10000) {
    *out_bp = (int)(v + 0.5);
    return CAD_OK;
  }
  fprintf(stderr, "cadencia rehearse: --%s must be a share such as 0.35 or 35%%, not '%s'\n", name, text);
  return CAD_EINVAL;
}

static const struct option OPTIONS[] = {
    {"contacts", 1, 0, 'c'}, {"callees", 1, 0, 'e'}, {"agents", 1, 0, 'a'},    {"count", 1, 0, 'n'},  {"campaign", 1, 0, 'C'},
    {"seconds", 1, 0, 's'},  {"talk-ms", 1, 0, 't'}, {"seed", 1, 0, 'r'},      {"port", 1, 0, 'p'},   {"json", 1, 0, 'j'},
    {"details", 1, 0, 'D'},  {"state", 1, 0, 'd'},   {"wrapup-ms", 1, 0, 'w'}, {"answer", 1, 0, 'A'}, {"machines", 1, 0, 'M'},
    {"once", 0, 0, 'o'},     {"debug", 0, 0, 'v'},   {"help", 0, 0, 'h'},      {0, 0, 0, 0}};

static int take_option(struct rehearse_options *o, int c, const char *name) {
  unsigned long v = 0;
  int rc = CAD_OK;
  switch (c) {
  case 'c': o->contacts = optarg; break;
  case 'e': o->callees = optarg; break;
  case 'C': o->campaign = optarg; break;
  case 't': rc = talk(name, optarg, &o->talk_ms); break;
  case 'w': rc = range(name, optarg, &o->wrapup_ms); break;
  case 'A': rc = share(name, optarg, &o->answer_bp); break;
  case 'M': rc = share(name, optarg, &o->machines_bp); break;
  case 'j': o->json = optarg; break;
  case 'D': o->details = optarg; break;
  case 'd': o->state = optarg; break;
  case 'o': o->once = true; break;
  case 'v': o->verbose = true; break;
  case 'a':
    rc = whole(name, optarg, 1, AGENTS_MOST, &v);
    if (rc == CAD_OK) o->agents = (unsigned)v;
    break;
  case 'n':
    rc = whole(name, optarg, 1, 1000000, &v);
    if (rc == CAD_OK) o->count = (unsigned)v;
    break;
  case 's':
    rc = whole(name, optarg, 1, 86400, &v);
    if (rc == CAD_OK) o->seconds = (unsigned)v;
    break;
  case 'r':
    rc = whole(name, optarg, 0, 1000000000, &v);
    if (rc == CAD_OK) o->seed = v;
    break;
  case 'p':
    rc = whole(name, optarg, 1024, 65000, &v);
    if (rc == CAD_OK) o->port = (uint16_t)v;
    break;
  default: rc = CAD_EINVAL; break;
  }
  return rc;
}

static bool speaks_spanish(void) {
  static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
  for (int i = 0; i < 3; i++) {
    const char *v = getenv(names[i]);
    if (v != NULL && *v != 0) return strncmp(v, "es", 2) == 0;
  }
  return false;
}

/* ---- while the daemon runs ---- */

static void read_truth(struct rehearsal *r) {
  struct sim_truth t;
  ssize_t n;
  while (r->carrier.fd >= 0 && (n = recv(r->carrier.fd, &t, sizeof t, MSG_DONTWAIT)) != -1) {
    if (n == 0) {
      r->carrier_lost = !r->finished;
      return;
    }
    if (n == (ssize_t)sizeof t && t.kind == TRUTH_CALL) (void)tally_truth(r->tally, &t);
  }
}

static const struct live_campaign *campaign_of(const struct live *live) {
  for (unsigned i = 0; i < live->campaign_count && i < LIVE_CAMPAIGNS_MAX; i++)
    if (strcmp(live->campaigns[i].name, REHEARSE_CAMPAIGN) == 0) return &live->campaigns[i];
  return NULL;
}

/* The records know it first: control asks them only when it wants leases. */
static bool all_contacted(struct rehearsal *r, struct now now) {
  if (mono_since(now.mono, r->looked) < LOOK_EVERY_MS) return false;
  r->looked = now.mono;
  char path[CONFIG_PATH_MAX + 16];
  struct store *s = NULL;
  struct store_counts counts;
  snprintf(path, sizeof path, "%s/cadencia.db", r->dir);
  bool over = store_open_reader(path, &s, NULL) == CAD_OK && store_counts(s, REHEARSE_CAMPAIGN, &counts) == CAD_OK &&
              counts.open_attempts == 0 && counts.contacts_done >= counts.contacts;
  store_close(s);
  return over;
}

/* All contacts finished and no call left; or nothing more can happen. */
static bool campaign_over(struct rehearsal *r, struct now now) {
  const struct live_campaign *c = campaign_of(&r->last);
  if (r->opt.seconds > 0 && mono_since(now.mono, r->started) >= (int64_t)r->opt.seconds * 1000) return r->timed_out = true;
  if (r->carrier_lost) return true;
  if (c == NULL) return false;
  bool busy = r->last.calls > 0;
  for (unsigned i = 0; i < r->last.agent_count && i < LIVE_AGENTS_MAX; i++) busy = busy || r->last.agents[i].state == AGENT_WRAPUP;
  if (busy || c->attempts != r->progress_mark) {
    r->progress_mark = c->attempts;
    r->quiet_since = now.mono;
    return false;
  }
  int64_t quiet = mono_since(now.mono, r->quiet_since);
  if (quiet < QUIET_MS) return false;
  if (c->attempts > 0 && all_contacted(r, now)) return true;
  return r->stuck = quiet >= STUCK_MS;
}

static int conclude(struct rehearsal *r, struct store *s) {
  struct tally_sums sums;
  FILE *details = r->opt.details != NULL ? fopen(r->opt.details, "we") : NULL;
  int rc = tally_count(r->tally, s, REHEARSE_CAMPAIGN, &r->last, details, &sums);
  if (details != NULL) fclose(details);
  if (rc < 0) {
    fprintf(stderr, "cadencia rehearse: the records could not be counted (%s)\n", err_name(rc));
    return rc;
  }
  show_end(r);
  tally_print(&sums, stdout, r->opt.spanish);
  show_left(r, s);
  show_in_virtual_time(r);
  if (r->opt.json != NULL && tally_write_json(&sums, r->opt.json) < 0) {
    fprintf(stderr, "cadencia rehearse: %s cannot be written\n", r->opt.json);
    rc = CAD_EIO;
  }
  const char *wrong = tally_wrong(&sums);
  if (wrong != NULL) {
    fprintf(stderr, "cadencia rehearse: the figures do not balance: %s\n", wrong);
    rc = CAD_EFORMAT;
  }
  if (sums.attempts == 0) {
    fprintf(stderr, "cadencia rehearse: nobody was called; %s/cadencia.log says why\n", r->dir);
    r->dir_is_ours = false;
    rc = CAD_EREFUSED;
  }
  fflush(stdout);
  return rc;
}

static int conclude_from_file(struct rehearsal *r, bool reader) {
  char path[CONFIG_PATH_MAX + 16];
  struct store *s = NULL;
  snprintf(path, sizeof path, "%s/cadencia.db", r->dir);
  struct store_options so = {.path = path, .share_dir = r->cfg.share_dir, .box = r->cfg.box};
  int rc = reader ? store_open_reader(path, &s, stderr) : store_open(&so, &s, stderr);
  if (rc == CAD_OK) rc = conclude(r, s);
  store_close(s);
  return rc;
}

static int on_ready(void *arg, struct daemon *d) {
  struct rehearsal *r = arg;
  (void)d;
  r->started = r->quiet_since = clock_mono();
  show_start(r);
  return CAD_OK;
}

static bool on_live(void *arg, struct daemon *d, const struct live *live) {
  struct rehearsal *r = arg;
  struct now now = clock_now();
  (void)d;
  read_truth(r);
  if (r->finished) return r->opt.once;
  r->last = *live;
  show_progress(r, now);
  if (live->draining || !campaign_over(r, now)) return false;
  r->finished = true;
  r->ended = now.mono;
  if (r->opt.once || r->timed_out || r->carrier_lost) return true;
  (void)conclude_from_file(r, true);
  if (r->cfg.console_host[0] == 0) return true;
  printf(r->opt.spanish ? "\nLa página sigue en http://%s:%u/ hasta Ctrl-C.\n" : "\nThe page stays at http://%s:%u/ until Ctrl-C.\n",
         r->cfg.console_host, r->cfg.console_port);
  fflush(stdout);
  return false;
}

static void last_words(struct rehearsal *r) {
  shutdown(r->carrier.fd, SHUT_WR); /* it tells what it still knows and ends */
  struct mono began = clock_mono();
  while (mono_since(clock_mono(), began) < LAST_WORDS_MS) {
    struct pollfd p = {.fd = r->carrier.fd, .events = POLLIN};
    if (poll(&p, 1, 100) <= 0) continue;
    char peek;
    if (recv(r->carrier.fd, &peek, 1, MSG_PEEK | MSG_DONTWAIT) == 0) break;
    read_truth(r);
  }
  child_kill(&r->carrier);
}

static int stderr_to_log(const struct rehearsal *r) {
  int fd = open(r->cfg.log_file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return -1;
  int own = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10);
  if (own >= 0) dup2(fd, STDERR_FILENO);
  close(fd);
  return own;
}

static int rehearse(struct rehearsal *r) {
  int rc = stage_folder(r);
  if (rc == CAD_OK) rc = stage_cast(r);
  if (rc == CAD_OK) rc = stage_carrier(r);
  if (rc == CAD_OK) rc = stage_config(r);
  if (rc == CAD_OK) rc = stage_records(r);
  if (rc < 0) return rc;
  if (log_start(r->cfg.log_file, r->opt.verbose ? LOG_DEBUG_ : LOG_INFO_) < 0) fprintf(stderr, "cadencia rehearse: no log in %s\n", r->dir);
  struct daemon_hooks hooks = {.arg = r, .ready = on_ready, .live = on_live};
  int own = stderr_to_log(r); /* children write there; the terminal is for the progress */
  rc = daemon_run(&r->cfg, &hooks);
  log_stop();
  if (own >= 0) {
    dup2(own, STDERR_FILENO);
    close(own);
  }
  bool told = r->finished && !r->opt.once && !r->timed_out && !r->carrier_lost && rc >= 0;
  r->finished = true;
  last_words(r);
  if (rc < 0) {
    fprintf(stderr, "cadencia rehearse: the daemon ended (%s); %s/cadencia.log says why\n", err_name(rc), r->dir);
    r->dir_is_ours = false;
    return rc;
  }
  return told ? CAD_OK : conclude_from_file(r, false);
}

/* Nobody asked for so many: 500, or, with a time, enough that the list does not end before it: a call each four seconds and agent. */
static unsigned contacts_enough(const struct rehearse_options *o) {
  enum { LEAST = 500, MOST = 50000, CALL_EVERY_S = 4 };
  const uint64_t n = (uint64_t)o->agents * o->seconds / CALL_EVERY_S;
  return n < LEAST ? LEAST : n > MOST ? MOST : (unsigned)n;
}

int rehearse_main(int argc, char **argv) {
  static struct rehearsal r;
  r = (struct rehearsal){.opt = {.agents = 16,
                                 .seed = 1,
                                 .port = 8080,
                                 .talk_ms = "6000-13000",
                                 .wrapup_ms = "500-1500",
                                 .answer_bp = -1,
                                 .machines_bp = -1,
                                 .spanish = speaks_spanish()},
                         .carrier = {0, -1}};
  optind = 1;
  int index = 0;
  for (int c; (c = getopt_long(argc, argv, "h", OPTIONS, &index)) != -1;) {
    if (c == 'h') {
      usage(stdout);
      return 0;
    }
    if (take_option(&r.opt, c, c == '?' ? "" : OPTIONS[index].name) < 0) {
      if (c == '?') usage(stderr);
      return 2;
    }
  }
  if (optind != argc) {
    fprintf(stderr, "cadencia rehearse: '%s' is not understood\n\n", argv[optind]);
    usage(stderr);
    return 2;
  }
  if (r.opt.answer_bp >= 0 && r.opt.machines_bp < 0) r.opt.machines_bp = 3000; /* as cadencia simulate */
  if (r.opt.count == 0) r.opt.count = contacts_enough(&r.opt);
  config_defaults(&r.cfg);
  if (r.opt.agents + 8 > r.cfg.limit_agents) r.cfg.limit_agents = r.opt.agents + 8;
  r.tally = tally_create();
  if (r.tally == NULL) return 1;
  int rc = rehearse(&r);
  child_kill(&r.carrier);
  r.tally = tally_destroy(r.tally);
  if (r.opt.once || rc < 0 || r.finished) stage_remove(&r);
  return rc < 0 ? 1 : 0;
}
