/* bad_line — runs a command in a network of its own, whose loopback loses packets and delays them.
 *
 *   bad_line [--loss PERCENT] [--jitter MS] [--seed N] -- COMMAND…
 *
 * Every IPv4 packet to 127.0.0.0/8, of whatever protocol and program, goes through this process instead of the kernel's
 * loopback: SIPp, Kamailio, baresip and the box need to know nothing of it. Packets of one flow keep their order, as on most
 * real lines. Needs a kernel with network namespaces and TUN, root or unprivileged user namespaces, and iproute2;
 * exits with 77 when it cannot have them, else with the status of the command. BAD_LINE=1 is in its environment. */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CANNOT = 77, PACKET_MAX = 65536, WAITING_MAX = 16384, FLOWS = 4096 };

struct packet {
  int64_t due_us;
  uint64_t order; /* equal times: first come, first served */
  size_t bytes;
  uint8_t *data;
};
/* A heap of what waits, the soonest on top. */
struct line {
  int tun;
  double loss;
  int64_t jitter_us, last_us[FLOWS];
  uint64_t random, seen, lost, order;
  unsigned count;
  struct packet waiting[WAITING_MAX];
};

static int64_t now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* 0 to 1; xorshift64*, Vigna 2016. */
static double chance(struct line *l) {
  l->random ^= l->random >> 12;
  l->random ^= l->random << 25;
  l->random ^= l->random >> 27;
  return (double)(l->random * 2685821657736338717u >> 11) / 9007199254740992.0;
}

static bool sooner(const struct packet *a, const struct packet *b) {
  return a->due_us != b->due_us ? a->due_us < b->due_us : a->order < b->order;
}

static void swap(struct packet *a, struct packet *b) {
  struct packet kept = *a;
  *a = *b;
  *b = kept;
}

static void hold(struct line *l, struct packet p) {
  unsigned i = l->count++;
  l->waiting[i] = p;
  for (; i > 0 && sooner(&l->waiting[i], &l->waiting[(i - 1) / 2]); i = (i - 1) / 2) swap(&l->waiting[i], &l->waiting[(i - 1) / 2]);
}

static struct packet take_first(struct line *l) {
  struct packet first = l->waiting[0];
  l->waiting[0] = l->waiting[--l->count];
  for (unsigned i = 0;;) {
    unsigned child = 2 * i + 1;
    if (child >= l->count) break;
    if (child + 1 < l->count && sooner(&l->waiting[child + 1], &l->waiting[child])) child++;
    if (!sooner(&l->waiting[child], &l->waiting[i])) break;
    swap(&l->waiting[i], &l->waiting[child]);
    i = child;
  }
  return first;
}

/* Addresses, protocol and ports. */
static unsigned flow_of(const uint8_t *data, size_t bytes) {
  uint32_t hash = 2166136261u;
  size_t head = (size_t)(data[0] & 15) * 4;
  for (size_t i = 9; i < 20; i++)
    if (i != 10 && i != 11) hash = (hash ^ data[i]) * 16777619u;
  for (size_t i = head; i < head + 4 && i < bytes; i++) hash = (hash ^ data[i]) * 16777619u;
  return hash % FLOWS;
}

static void carry(struct line *l, const uint8_t *data, size_t bytes) {
  if (bytes < 20 || data[0] >> 4 != 4) return;
  l->seen++;
  bool full = l->count == WAITING_MAX;
  uint8_t *copy = !full && chance(l) >= l->loss ? malloc(bytes) : NULL;
  if (!copy) {
    l->lost++;
    return;
  }
  memcpy(copy, data, bytes);
  int64_t *last = &l->last_us[flow_of(data, bytes)], due = now_us() + (int64_t)(chance(l) * (double)l->jitter_us);
  *last = due > *last ? due : *last;
  hold(l, (struct packet){*last, l->order++, bytes, copy});
}

static void read_packets(struct line *l) {
  static uint8_t data[PACKET_MAX];
  ssize_t n;
  while ((n = read(l->tun, data, sizeof data)) > 0) carry(l, data, (size_t)n);
}

static void hand_on(struct line *l) {
  while (l->count && l->waiting[0].due_us <= now_us()) {
    struct packet p = take_first(l);
    if (write(l->tun, p.data, p.bytes) < 0) l->lost++;
    free(p.data);
  }
}

static int write_file(const char *path, const char *text) {
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  ssize_t n = write(fd, text, strlen(text));
  close(fd);
  return n == (ssize_t)strlen(text) ? 0 : -1;
}

static void cannot(const char *what) {
  fprintf(stderr, "bad_line: %s: %s; this machine cannot play a bad line\n", what, strerror(errno));
  exit(CANNOT);
}

static void own_network(void) {
  char map[32];
  bool root = geteuid() == 0;
  unsigned uid = geteuid(), gid = getegid();
  if (unshare(CLONE_NEWNET | (root ? 0 : CLONE_NEWUSER)) < 0) cannot("a network of its own");
  if (root) return;
  write_file("/proc/self/setgroups", "deny");
  snprintf(map, sizeof map, "0 %u 1", uid);
  if (write_file("/proc/self/uid_map", map) < 0) cannot("uid_map");
  snprintf(map, sizeof map, "0 %u 1", gid);
  if (write_file("/proc/self/gid_map", map) < 0) cannot("gid_map");
}

/* What is sent to 127.0.0.0/8 leaves by the tunnel; what comes out of the tunnel is ours. */
static void route_loopback(void) {
  static const char *const FILES[] = {"all/route_localnet",  "all/accept_local",  "all/rp_filter",
                                      "bad0/route_localnet", "bad0/accept_local", "bad0/rp_filter"};
  for (size_t i = 0; i < sizeof FILES / sizeof FILES[0]; i++) {
    char path[80];
    snprintf(path, sizeof path, "/proc/sys/net/ipv4/conf/%s", FILES[i]);
    if (write_file(path, strstr(path, "rp_filter") ? "0" : "1") < 0) cannot(path);
  }
  int rc = system("set -e; PATH=$PATH:/usr/sbin:/sbin; ip link set lo up; ip link set bad0 mtu 16000 txqueuelen 10000 up;"
                  "ip route add table 100 127.0.0.0/8 dev bad0 src 127.0.0.1;"
                  "ip rule add pref 1 iif bad0 lookup local; ip rule add pref 2 to 127.0.0.0/8 lookup 100; ip rule add pref 3 lookup "
                  "local; ip rule del pref 0");
  if (rc != 0) cannot("iproute2 refused");
}

static int tunnel_open(void) {
  struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI, .ifr_name = "bad0"};
  int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0 || ioctl(fd, TUNSETIFF, &request) < 0) cannot("/dev/net/tun");
  return fd;
}

static pid_t command_start(char **argv, const sigset_t *before) {
  pid_t parent = getpid(), pid = fork();
  if (pid != 0) return pid;
  sigprocmask(SIG_SETMASK, before, NULL);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);
  setenv("BAD_LINE", "1", 1);
  execvp(argv[0], argv);
  fprintf(stderr, "bad_line: %s: %s\n", argv[0], strerror(errno));
  _exit(127);
}

/* Until the command ends; returns its exit status. */
static int run(struct line *l, pid_t pid, int signals) {
  for (;;) {
    int64_t wait_us = l->count ? l->waiting[0].due_us - now_us() : 1000000;
    struct timespec wait = {.tv_nsec = wait_us > 0 ? (long)(wait_us < 999999 ? wait_us : 999999) * 1000 : 0};
    struct pollfd fds[] = {{.fd = l->tun, .events = POLLIN}, {.fd = signals, .events = POLLIN}};
    ppoll(fds, 2, &wait, NULL);
    if (fds[0].revents & POLLIN) read_packets(l);
    hand_on(l);
    struct signalfd_siginfo said;
    if (!(fds[1].revents & POLLIN) || read(signals, &said, sizeof said) != sizeof said) continue;
    if (said.ssi_signo != SIGCHLD) kill(pid, (int)said.ssi_signo);
    int status;
    if (waitpid(pid, &status, WNOHANG) == pid) return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
}

int main(int argc, char **argv) {
  static struct line line = {.loss = 0.02, .jitter_us = 50000, .random = 1};
  int i = 1;
  for (; i + 1 < argc && strcmp(argv[i], "--") != 0; i += 2) {
    if (!strcmp(argv[i], "--loss"))
      line.loss = strtod(argv[i + 1], NULL) / 100;
    else if (!strcmp(argv[i], "--jitter"))
      line.jitter_us = strtol(argv[i + 1], NULL, 10) * 1000;
    else if (!strcmp(argv[i], "--seed"))
      line.random = strtoull(argv[i + 1], NULL, 10) * 0x9E3779B97F4A7C15u + 1;
    else
      break;
  }
  if (i + 1 >= argc || strcmp(argv[i], "--") != 0) {
    fputs("usage: bad_line [--loss PERCENT] [--jitter MS] [--seed N] -- COMMAND…\n", stderr);
    return 2;
  }
  own_network();
  line.tun = tunnel_open();
  route_loopback();
  sigset_t wanted, before;
  sigemptyset(&wanted);
  sigaddset(&wanted, SIGCHLD);
  sigaddset(&wanted, SIGTERM);
  sigaddset(&wanted, SIGINT);
  sigaddset(&wanted, SIGHUP);
  sigprocmask(SIG_BLOCK, &wanted, &before);
  int signals = signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
  pid_t pid = command_start(argv + i + 1, &before);
  int status = run(&line, pid, signals);
  fprintf(stderr, "bad_line: %llu of %llu packets lost\n", (unsigned long long)line.lost, (unsigned long long)line.seen);
  return status;
}
