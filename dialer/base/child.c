#include "dialer/base/child.h"
#include <cadencia/err.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { PROGRAMS_MAX = 4, PROGRAM_NAME = 24, PATH_BYTES = 1024 };

/* A child of its own program is small: it links what it needs and nothing else. They lie beside ours, in the folder of a build or of an
 * installation. */
static int program_open(const char *verb) {
  static const char *const BESIDE[] = {"libexec/cadencia", "../libexec/cadencia"};
  char exe[PATH_BYTES / 2], path[PATH_BYTES];
  ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
  exe[n > 0 ? n : 0] = 0;
  char *slash = strrchr(exe, '/');
  if (!slash || strchr(verb, '/')) return -1;
  *slash = 0;
  for (size_t i = 0; i < sizeof BESIDE / sizeof BESIDE[0]; i++) {
    if ((size_t)snprintf(path, sizeof path, "%s/%s/%s", exe, BESIDE[i], verb) >= sizeof path) continue;
    int fd = access(path, X_OK) == 0 ? open(path, O_PATH | O_CLOEXEC) : -1;
    if (fd >= 0) return fd;
  }
  return -1;
}

/* Opened once and kept: a child that is started again is of the same version as we are, whatever an upgrade has put there since. */
static int program_of(const char *verb) {
  static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  static struct {
    char verb[PROGRAM_NAME];
    int fd;
  } kept[PROGRAMS_MAX];
  int fd = -1;
  if (strlen(verb) >= PROGRAM_NAME) return -1;
  pthread_mutex_lock(&lock);
  unsigned i = 0;
  while (i < PROGRAMS_MAX && kept[i].verb[0] && strcmp(kept[i].verb, verb) != 0) i++;
  if (i < PROGRAMS_MAX && kept[i].verb[0])
    fd = kept[i].fd;
  else if ((fd = program_open(verb)) >= 0 && i < PROGRAMS_MAX) {
    kept[i].fd = fd;
    memcpy(kept[i].verb, verb, strlen(verb) + 1);
  }
  pthread_mutex_unlock(&lock);
  return fd;
}

/* Calls come and go in a child, and what they leave behind must be good for the next ones or for the system: without glibc's stores of
 * freed chunks neighbours are joined again at once. Can be said at a program's start alone; whoever set tunables himself means them. */
static char **environment(void) {
  static char joined[] = "GLIBC_TUNABLES=glibc.malloc.tcache_count=0:glibc.malloc.mxfast=0";
  size_t n = 0;
  while (environ[n]) n++;
  char **own = getenv("GLIBC_TUNABLES") ? NULL : calloc(n + 2, sizeof *own);
  if (!own) return NULL;
  memcpy(own, environ, n * sizeof *own);
  own[n] = joined;
  return own;
}

int child_start(char *const argv[], int buffer_bytes, struct child *out) {
  *out = (struct child){0, -1};
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) return CAD_EIO;
  for (int i = 0; i < 2; i++) setsockopt(pair[i], SOL_SOCKET, SO_SNDBUFFORCE, &buffer_bytes, sizeof buffer_bytes);
  for (int i = 0; i < 2; i++) setsockopt(pair[i], SOL_SOCKET, SO_SNDBUF, &buffer_bytes, sizeof buffer_bytes);
  fcntl(pair[0], F_SETFL, O_NONBLOCK);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  if (pair[1] == CHILD_FD) { /* dup2 onto itself would keep close-on-exec */
    int moved = fcntl(pair[1], F_DUPFD_CLOEXEC, CHILD_FD + 1);
    close(pair[1]);
    pair[1] = moved;
  }
  posix_spawn_file_actions_adddup2(&actions, pair[1], CHILD_FD);
  posix_spawn_file_actions_addclosefrom_np(&actions, CHILD_FD + 1);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none, standard;
  sigemptyset(&none);
  sigfillset(&standard);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &standard);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  pid_t pid = 0;
  char program[64] = "/proc/self/exe";
  int own = argv[1] ? program_of(argv[1]) : -1;
  if (own >= 0) snprintf(program, sizeof program, "/proc/%d/fd/%d", (int)getpid(), own);
  char **own_environ = environment();
  int rc = posix_spawn(&pid, program, &actions, &attributes, argv, own_environ ? own_environ : environ);
  free(own_environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  close(pair[1]);
  if (rc != 0) {
    close(pair[0]);
    return CAD_EIO;
  }
  *out = (struct child){pid, pair[0]};
  return CAD_OK;
}

bool child_ended(struct child *child, int *status) {
  if (child->pid == 0) return true;
  if (waitpid(child->pid, status, WNOHANG) != child->pid) return false;
  child->pid = 0;
  if (child->fd >= 0) close(child->fd);
  child->fd = -1;
  return true;
}

bool child_dead(const struct child *child) {
  siginfo_t info = {0};
  return child->pid > 0 && waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == child->pid;
}

void child_kill(struct child *child) {
  if (child->pid > 0) {
    kill(child->pid, SIGKILL);
    int status;
    while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR) {
    }
  }
  if (child->fd >= 0) close(child->fd);
  *child = (struct child){0, -1};
}

int mail_send_fd(int fd, const struct mail *mail) {
  unsigned size = mail_size((enum mail_kind)mail->kind);
  ssize_t n = send(fd, mail, size, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (n == (ssize_t)size) return CAD_OK;
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS ? CAD_EFULL : CAD_EIO;
}

int mail_recv_fd(int fd, struct mail *out) {
  ssize_t n = recv(fd, out, sizeof *out, MSG_DONTWAIT | MSG_TRUNC);
  if (n < 0) return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? CAD_EMPTY : CAD_EIO;
  if (n == 0) return CAD_EIO;
  if ((size_t)n > sizeof *out) return CAD_EFORMAT;
  return mail_valid(out, (unsigned)n);
}

void child_harden(void) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN); /* a log that may not grow ends nobody */
  signal(SIGINT, SIG_IGN);  /* Ctrl-C reaches the daemon, which ends us in order */
}
