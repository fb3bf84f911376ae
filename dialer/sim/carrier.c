#include "dialer/sim/carrier.h"
#include "dialer/base/child.h"
#include "dialer/base/clock.h"
#include "dialer/sim/line.h"
#include <arpa/inet.h>
#include <cadencia/err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <glob.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { TICK_MS = 5, PHASES = SOUND_FRAME_MS / TICK_MS, CATCH_UP_TICKS = 60, READ_MAX = 256 };
#define EVENT_SIP (UINT64_MAX - 1)
#define EVENT_PHONE (UINT64_MAX - 2)
#define EVENT_TICK (UINT64_MAX - 3)
#define EVENT_OUT (UINT64_MAX - 4)

static volatile sig_atomic_t stopped;
static void on_stop(int signal_number) {
  (void)signal_number;
  stopped = 1;
}

static void tell_text(const struct sim_truth *t) {
  if (t->kind == TRUTH_READY) {
    printf("ready sip_port=%u phones_port=%u\n", t->sip_port, t->phone_port);
  } else {
    int64_t z = t->invited_ms;
    printf("call attempt=%llu phone=%llu behaviour=%s code=%u end=%u answered=%lld greeting_end=%lld callee_heard=%lld agent_heard=%lld "
           "message=%lld ended=%lld agent=%u rtp=%llu/%llu\n",
           (unsigned long long)t->attempt, (unsigned long long)t->phone, callee_behaviour_name((enum behaviour)t->behaviour), t->sip_code,
           t->end, (long long)(t->answered_ms ? t->answered_ms - z : 0), (long long)(t->greeting_end_ms ? t->greeting_end_ms - z : 0),
           (long long)(t->callee_heard_ms ? t->callee_heard_ms - z : 0), (long long)(t->agent_heard_ms ? t->agent_heard_ms - z : 0),
           (long long)(t->message_ms ? t->message_ms - z : 0), (long long)(t->ended_ms - z), t->agent, (unsigned long long)t->rtp_sent,
           (unsigned long long)t->rtp_received);
  }
  fflush(stdout);
}

static void flush_truth(struct world *w) {
  size_t sent = 0;
  while (sent < w->pending_count && send(w->out_fd, &w->pending[sent], sizeof *w->pending, MSG_DONTWAIT | MSG_NOSIGNAL) > 0) sent++;
  if (sent == 0) return;
  w->pending_count -= sent;
  memmove(w->pending, w->pending + sent, w->pending_count * sizeof *w->pending);
}

void world_tell(struct world *w, const struct sim_truth *t) {
  if (w->text) {
    tell_text(t);
    return;
  }
  if (w->pending_count == w->pending_room) {
    size_t room = w->pending_room == 0 ? 256 : w->pending_room * 2;
    struct sim_truth *more = realloc(w->pending, room * sizeof *more);
    if (more == NULL) return; /* the parent counts what is missing */
    w->pending = more;
    w->pending_room = room;
  }
  w->pending[w->pending_count++] = *t;
}

static int open_sip(const struct world *w, uint16_t *port) {
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), bytes = 4 << 20;
  struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(*port)};
  inet_pton(AF_INET, w->host, &here.sin_addr);
  if (fd < 0) return CAD_ENET;
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
  setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
  socklen_t size = sizeof here;
  if (bind(fd, (struct sockaddr *)&here, sizeof here) < 0 || getsockname(fd, (struct sockaddr *)&here, &size) < 0) {
    close(fd);
    return CAD_ENET;
  }
  *port = ntohs(here.sin_port);
  return fd;
}

static int load_kind(struct world *w, const char *share, const char *kind, int *out, int room) {
  char pattern[1200];
  glob_t found;
  int count = 0;
  snprintf(pattern, sizeof pattern, "%s/greetings/%s_*.wav", share, kind);
  if (glob(pattern, 0, NULL, &found) != 0) return 0;
  for (size_t i = 0; i < found.gl_pathc && count < room; i++) {
    int index = sound_load(w->bank, found.gl_pathv[i]);
    if (index >= 0) out[count++] = index;
  }
  globfree(&found);
  return count;
}

static void read_sip(struct world *w, bool phone) {
  char data[8192];
  for (int i = 0; i < READ_MAX; i++) {
    struct sockaddr_in source;
    socklen_t size = sizeof source;
    ssize_t n = recvfrom(phone ? w->phone_fd : w->sip_fd, data, sizeof data - 1, MSG_DONTWAIT, (struct sockaddr *)&source, &size);
    if (n < 0 && errno == ECONNREFUSED) continue;
    if (n < 0) return;
    data[n] = 0;
    line_datagram(w, phone, data, (size_t)n, &source);
  }
}

static void tick(struct world *w, uint64_t count) {
  int64_t now = clock_mono().ms;
  for (uint32_t i = 0; i < w->line_used; i++) {
    struct line *l = &w->lines[i];
    if (l->state == LINE_FREE) continue;
    if (l->rtp.held_count > 0) line_rtp_flush(l, now);
    if (i % PHASES != count % PHASES) continue;
    if (l->phone)
      phone_beat(l, now);
    else
      callee_beat(l, now);
    line_timers(l, now);
  }
  if (w->pending_count > 0) flush_truth(w);
}

static void serve(struct world *w, int timer_fd) {
  uint64_t ticks = 0;
  while (!stopped && !w->stop) {
    struct epoll_event events[128];
    int n = epoll_wait(w->epoll_fd, events, 128, -1);
    int64_t now = clock_mono().ms;
    for (int i = 0; i < n; i++) {
      uint64_t what = events[i].data.u64;
      if (what == EVENT_SIP || what == EVENT_PHONE) {
        read_sip(w, what == EVENT_PHONE);
      } else if (what == EVENT_OUT) {
        char byte[64];
        ssize_t got = recv(w->out_fd, byte, sizeof byte, MSG_DONTWAIT);
        if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) w->stop = true;
      } else if (what == EVENT_TICK) {
        uint64_t due = 0;
        if (read(timer_fd, &due, sizeof due) != sizeof due) continue;
        for (uint64_t k = 0; k < due && k < CATCH_UP_TICKS; k++) tick(w, ++ticks);
      } else if (what < w->line_used && w->lines[what].state != LINE_FREE) {
        line_rtp_receive(&w->lines[what], now);
      }
    }
  }
}

struct options {
  const char *callees, *share;
  uint64_t seed;
  uint16_t port, phones_port;
  uint32_t calls;
};

static int range(const char *text, int64_t *low, int64_t *high) {
  long a, b;
  if (sscanf(text, "%ld-%ld", &a, &b) != 2 || a < 0 || b < a || b > 3600000) return CAD_EINVAL;
  *low = a;
  *high = b;
  return CAD_OK;
}

static int parse_options(int argc, char **argv, struct world *w, struct options *o) {
  static const struct option longs[] = {{"callees", 1, 0, 'c'},     {"share", 1, 0, 's'}, {"seed", 1, 0, 'r'},    {"port", 1, 0, 'p'},
                                        {"phones-port", 1, 0, 'P'}, {"calls", 1, 0, 'n'}, {"talk-ms", 1, 0, 't'}, {"wrapup-ms", 1, 0, 'w'},
                                        {"help", 0, 0, 'h'},        {0, 0, 0, 0}};
  optind = 1;
  for (int c; (c = getopt_long(argc, argv, "", longs, NULL)) != -1;) {
    int bad = CAD_OK;
    switch (c) {
    case 'c': o->callees = optarg; break;
    case 's': o->share = optarg; break;
    case 'r': o->seed = strtoull(optarg, NULL, 10); break;
    case 'p': o->port = (uint16_t)strtoul(optarg, NULL, 10); break;
    case 'P': o->phones_port = (uint16_t)strtoul(optarg, NULL, 10); break;
    case 'n': o->calls = (uint32_t)strtoul(optarg, NULL, 10); break;
    case 't': bad = spread_parse_ms(optarg, &w->talk); break;
    case 'w': bad = range(optarg, &w->wrapup_low_ms, &w->wrapup_high_ms); break;
    default: bad = CAD_EINVAL; break;
    }
    if (bad < 0) return bad;
  }
  return optind == argc && o->calls > 0 && o->calls <= 60000 ? CAD_OK : CAD_EINVAL;
}

static int start(struct world *w, const struct options *o) {
  w->seed = o->seed;
  w->bank = sound_bank_create();
  w->line_max = o->calls;
  w->head_count = o->calls * 2 + 1;
  w->lines = calloc(w->line_max, sizeof *w->lines);
  w->heads = calloc(w->head_count, sizeof *w->heads);
  if (w->bank == NULL || w->lines == NULL || w->heads == NULL) return CAD_ENOMEM;
  w->greeting_count = load_kind(w, o->share, "person", w->greetings, 64);
  w->machine_count = load_kind(w, o->share, "machine", w->machines, 64);
  w->saying_count = load_kind(w, o->share, "saying", w->sayings, 32);
  if (o->callees != NULL) {
    int err = callees_load(o->callees, w->bank, stderr, &w->callees);
    if (err < 0) return err;
  }
  w->sip_port = o->port;
  w->phone_port = o->phones_port;
  w->sip_fd = open_sip(w, &w->sip_port);
  w->phone_fd = open_sip(w, &w->phone_port);
  if (w->sip_fd < 0 || w->phone_fd < 0)
    fprintf(stderr, "sim-carrier: UDP port %u of %s is taken\n", w->sip_fd < 0 ? o->port : o->phones_port, w->host);
  return w->sip_fd < 0 || w->phone_fd < 0 ? CAD_ENET : CAD_OK;
}

static void watch(struct world *w, int fd, uint64_t what) {
  struct epoll_event e = {.events = EPOLLIN, .data.u64 = what};
  (void)epoll_ctl(w->epoll_fd, EPOLL_CTL_ADD, fd, &e);
}

static void finish(struct world *w) {
  int64_t now = clock_mono().ms;
  for (uint32_t i = 0; i < w->line_used; i++) {
    struct line *l = &w->lines[i];
    if (l->state != LINE_FREE && !l->phone) callee_ended(l, now, TRUTH_END_TIMEOUT);
    line_rtp_close(l);
  }
  if (!w->text) flush_truth(w);
  callees_free(w->callees);
  sound_bank_destroy(w->bank);
  free(w->lines);
  free(w->heads);
  free(w->pending);
}

static const char usage[] = "usage: cadencia sim-carrier [--callees FILE.csv] [--share DIR] [--seed N] [--port P] [--phones-port P]\n"
                            "                            [--calls N] [--talk-ms LOW-HIGH|MEAN] [--wrapup-ms LOW-HIGH]\n"
                            "A simulated carrier and simulated agents' phones on 127.0.0.1 (a part of cadencia rehearse).\n"
                            "Example: cadencia sim-carrier --callees callees.csv --port 5070 --phones-port 5080\n";

int sim_carrier_main(int argc, char **argv) {
  static struct world w;
  w = (struct world){
      .sip_fd = -1, .phone_fd = -1, .talk = {.mean = 13, .count = 2, .quantile = {6, 20}}, .wrapup_low_ms = 400, .wrapup_high_ms = 1500};
  struct options o = {.share = getenv("CADENCIA_SHARE") == NULL ? "share" : getenv("CADENCIA_SHARE"), .seed = 1, .calls = 8192};
  snprintf(w.host, sizeof w.host, "127.0.0.1");
  if (parse_options(argc, argv, &w, &o) < 0) {
    fputs(usage, stderr);
    return 2;
  }
  int type = 0;
  socklen_t size = sizeof type;
  w.out_fd = CHILD_FD;
  w.text = getsockopt(CHILD_FD, SOL_SOCKET, SO_TYPE, &type, &size) < 0 || type != SOCK_SEQPACKET;
  if (!w.text) child_harden();
  struct sigaction stop = {.sa_handler = on_stop};
  sigaction(SIGTERM, &stop, NULL);
  if (w.text) sigaction(SIGINT, &stop, NULL);
  struct rlimit files;
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &files);
  }
  w.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  int timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  int err = w.epoll_fd < 0 || timer_fd < 0 ? CAD_EIO : start(&w, &o);
  if (err < 0) {
    struct sim_truth t = {.kind = TRUTH_FAILED};
    if (!w.text) (void)!send(w.out_fd, &t, sizeof t, MSG_NOSIGNAL);
    return 1;
  }
  watch(&w, w.sip_fd, EVENT_SIP);
  watch(&w, w.phone_fd, EVENT_PHONE);
  watch(&w, timer_fd, EVENT_TICK);
  if (!w.text) watch(&w, w.out_fd, EVENT_OUT);
  struct itimerspec beat = {{0, TICK_MS * 1000000L}, {0, TICK_MS * 1000000L}};
  timerfd_settime(timer_fd, 0, &beat, NULL);
  world_tell(&w, &(struct sim_truth){.kind = TRUTH_READY, .sip_port = w.sip_port, .phone_port = w.phone_port});
  serve(&w, timer_fd);
  finish(&w);
  close(timer_fd);
  close(w.epoll_fd);
  close(w.sip_fd);
  close(w.phone_fd);
  return 0;
}
