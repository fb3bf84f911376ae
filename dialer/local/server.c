/* The daemon's side of the local socket: one thread accepts, one a connection runs commands. */
#include "dialer/base/clock.h"
#include "dialer/base/log.h"
#include "dialer/local/command.h"
#include "dialer/local/local.h"
#include "dialer/base/wire.h"
#include <cadencia/err.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { ORDERS_MAX = LOCAL_CONNECTIONS_MAX, ORDER_WAIT_S = 5, IDLE_S = 60, ARGV_MAX = 32, OUT_CHUNK = 8192 };

struct connection {
  struct local_server *server;
  pthread_t thread;
  int fd;
  struct store_actor who;
  bool used, done; /* under the server's lock */
};
struct waiting_order {
  uint64_t ticket; /* 0: free */
  bool answered;
  struct mail_order_reply reply;
};
struct local_server {
  struct local_server *next; /* of the living */
  const struct config *config;
  struct store_worker *store;
  struct mailbox *control;
  struct local_hooks hooks;
  int listen_fd, stop_fd, dir_fd;
  pthread_t thread;
  pthread_mutex_t lock;
  pthread_cond_t answered;
  bool stopping;
  uint64_t last_ticket;
  struct waiting_order orders[ORDERS_MAX];
  struct connection connections[LOCAL_CONNECTIONS_MAX];
};

/* Servers that live. A reply of control's loop may come while its server ends: it then finds none here. */
static pthread_mutex_t living_lock = PTHREAD_MUTEX_INITIALIZER;
static struct local_server *living;

static void living_add(struct local_server *s) {
  pthread_mutex_lock(&living_lock);
  s->next = living;
  living = s;
  pthread_mutex_unlock(&living_lock);
}

static void living_remove(struct local_server *s) {
  pthread_mutex_lock(&living_lock);
  for (struct local_server **p = &living; *p; p = &(*p)->next)
    if (*p == s) {
      *p = s->next;
      break;
    }
  pthread_mutex_unlock(&living_lock);
}

/* ---- the backend that commands see ---- */

static _Thread_local const struct store_actor *acting; /* whose request this thread works on */
static int backend_run(void *self, int (*fn)(struct store *, void *), void *arg, bool tx) {
  return store_worker_run_as(((struct local_server *)self)->store, acting, fn, arg, tx);
}
static int backend_post(void *self, const struct mail *mail) { return mailbox_put(((struct local_server *)self)->control, mail); }
static void backend_live(void *self, struct live *out) {
  struct local_server *s = self;
  s->hooks.live(s->hooks.arg, out);
}

static int backend_order(void *self, struct mail *order, struct mail_order_reply *reply) {
  struct local_server *s = self;
  struct timespec until;
  clock_gettime(CLOCK_MONOTONIC, &until);
  until.tv_sec += ORDER_WAIT_S;
  pthread_mutex_lock(&s->lock);
  struct waiting_order *w = NULL;
  for (int i = 0; i < ORDERS_MAX && !w; i++)
    if (s->orders[i].ticket == 0) w = &s->orders[i];
  int r = w ? CAD_OK : CAD_EFULL;
  if (w) {
    *w = (struct waiting_order){.ticket = ++s->last_ticket};
    order->u.order_agent.ticket = w->ticket;
    r = mailbox_put(s->control, order);
  }
  while (r == CAD_OK && !w->answered && !s->stopping)
    if (pthread_cond_timedwait(&s->answered, &s->lock, &until) == ETIMEDOUT) r = CAD_ETIMEOUT;
  if (w) {
    if (w->answered)
      *reply = w->reply;
    else if (r == CAD_OK)
      r = CAD_EBUSY; /* the daemon ends */
    if (w->answered) r = CAD_OK;
    w->ticket = 0;
  }
  pthread_mutex_unlock(&s->lock);
  return r;
}

/* A command answers when the floor goes by what it changed: whoever calls the next moment meets it. A floor that is too busy to say so
 * has the news in its mailbox all the same. */
static int announced(void *self, int result) {
  struct mail m = mail_make(ORDER_HEARD, clock_mono());
  struct mail_order_reply reply;
  if (result >= 0) (void)backend_order(self, &m, &reply);
  return result;
}
static int backend_announce(void *self, const char *campaign, const char *agent) {
  return announced(self, store_worker_announce(((struct local_server *)self)->store, campaign, agent));
}
static int backend_announce_queues(void *self, uint64_t gone_queue, uint64_t gone_did) {
  return announced(self, store_worker_announce_queues(((struct local_server *)self)->store, gone_queue, gone_did));
}

static void take_reply(struct local_server *s, const struct mail_order_reply *reply) {
  pthread_mutex_lock(&s->lock);
  for (int i = 0; i < ORDERS_MAX; i++)
    if (s->orders[i].ticket == reply->ticket && !s->orders[i].answered) {
      s->orders[i].reply = *reply;
      s->orders[i].answered = true;
      pthread_cond_broadcast(&s->answered);
    }
  pthread_mutex_unlock(&s->lock);
}

void local_server_reply(struct local_server *s, const struct mail *reply) {
  if (reply->kind != ORDER_REPLY || reply->u.order_reply.ticket == 0) return;
  pthread_mutex_lock(&living_lock);
  struct local_server *found = living;
  while (found && found != s) found = found->next;
  if (found) take_reply(found, &reply->u.order_reply);
  pthread_mutex_unlock(&living_lock);
}

/* ---- one request ---- */

/* Text of a command in lines that fit the wire; key "out" or "err". */
static int send_text(int fd, const char *key, const char *text, size_t n) {
  int r = CAD_OK;
  for (size_t at = 0; at < n && r == CAD_OK;) {
    size_t k = n - at < OUT_CHUNK ? n - at : OUT_CHUNK;
    while (k > 1 && at + k < n && ((unsigned char)text[at + k] & 0xc0) == 0x80) k--; /* whole characters */
    json_t *piece = json_stringn(text + at, k);
    r = wire_write(fd, json_pack("{s:o}", key, piece ? piece : json_string("(no valid text)\n")), NULL, 0);
    at += k;
  }
  return r;
}

static int send_progress(void *self, const struct import_progress *p) {
  struct connection *k = self;
  pthread_mutex_lock(&k->server->lock);
  bool stopping = k->server->stopping;
  pthread_mutex_unlock(&k->server->lock);
  if (stopping) return CAD_EREFUSED;
  return wire_write(k->fd,
                    json_pack("{s:{s:I, s:I, s:I, s:I, s:I}}", "progress", "rows", (json_int_t)p->rows, "accepted", (json_int_t)p->accepted,
                              "rejected", (json_int_t)p->rejected, "bytes", (json_int_t)p->bytes, "bytes_total",
                              (json_int_t)p->bytes_total),
                    NULL, 0);
}

/* Only plain files: a pipe could keep the thread for ever. */
static bool plain_files(const struct wire *w) {
  for (int i = 0; i < w->fd_count; i++) {
    struct stat st;
    if (fstat(w->fds[i], &st) != 0 || !S_ISREG(st.st_mode)) return false;
  }
  return true;
}

static int run_args(struct connection *k, const struct wire *w, const struct args *args, const char *secret, FILE *out, FILE *err) {
  struct local_server *s = k->server;
  struct command_backend backend = {
      s, s->config, true, backend_run, backend_announce, backend_announce_queues, backend_order, backend_post, backend_live};
  struct command_call call = {.args = args,
                              .backend = &backend,
                              .out = out,
                              .err = err,
                              .secret = secret,
                              .file = w->fd_count > 0 ? w->fds[0] : -1,
                              .rejects = w->fd_count > 1 ? w->fds[1] : -1,
                              .progress = send_progress,
                              .progress_self = k};
  return command_run(&call);
}

static int answer(struct connection *k, struct wire *w, const json_t *request) {
  const char *argv[ARGV_MAX];
  json_t *list = json_object_get(request, "argv");
  size_t argc = json_array_size(list);
  char *out_text = NULL, *err_text = NULL;
  size_t out_size = 0, err_size = 0;
  int status = EXIT_USAGE;
  bool good = argc >= 1 && argc <= ARGV_MAX;
  for (size_t i = 0; good && i < argc; i++) good = (argv[i] = json_string_value(json_array_get(list, i))) != NULL;
  FILE *out = open_memstream(&out_text, &out_size), *err = open_memstream(&err_text, &err_size);
  if (out && err) {
    struct args args;
    if (!good)
      fputs("cadencia: the request holds no command\n", err);
    else if (!plain_files(w))
      fputs("cadencia: give a plain file, not a pipe or device\n", err);
    else if (args_parse((int)argc, argv, &args, err) != CAD_OK)
      status = EXIT_USAGE;
    else if (command_alone(args.command))
      fputs("cadencia: this command does not go through the daemon\n", err);
    else
      status = run_args(k, w, &args, json_string_value(json_object_get(request, "secret")), out, err);
  }
  if (out) fclose(out);
  if (err) fclose(err);
  int r = send_text(k->fd, "err", err_text ? err_text : "", err_size);
  if (r == CAD_OK) r = send_text(k->fd, "out", out_text ? out_text : "", out_size);
  if (r == CAD_OK) r = wire_write(k->fd, json_pack("{s:i}", "exit", status), NULL, 0);
  free(out_text);
  free(err_text);
  return r;
}

static void *connection_main(void *arg) {
  struct connection *k = arg;
  struct wire *w = malloc(sizeof *w);
  int r = w ? 1 : 0;
  if (w) wire_init(w, k->fd);
  acting = &k->who;
  while (r > 0) {
    json_t *request = NULL;
    r = wire_read(w, &request);
    if (r == CAD_EFORMAT)
      (void)wire_write(k->fd, json_pack("{s:s, s:i}", "err", "cadencia: one JSON object a line, up to 64 kB\n", "exit", EXIT_USAGE), NULL,
                       0);
    if (r <= 0) break;
    if (answer(k, w, request) < 0) r = 0;
    json_decref(request);
    wire_close_fds(w);
  }
  if (w) wire_close_fds(w);
  free(w);
  pthread_mutex_lock(&k->server->lock);
  close(k->fd);
  k->fd = -1;
  k->done = true;
  pthread_mutex_unlock(&k->server->lock);
  return NULL;
}

/* ---- the accepting thread ---- */

static struct connection *free_connection(struct local_server *s) {
  struct connection *found = NULL;
  for (int i = 0; i < LOCAL_CONNECTIONS_MAX; i++) {
    struct connection *k = &s->connections[i];
    pthread_mutex_lock(&s->lock);
    bool over = k->used && k->done;
    pthread_mutex_unlock(&s->lock);
    if (over) {
      pthread_join(k->thread, NULL);
      k->used = k->done = false;
    }
    if (!k->used && !found) found = k;
  }
  return found;
}

static void accept_one(struct local_server *s) {
  int fd = accept4(s->listen_fd, NULL, NULL, SOCK_CLOEXEC);
  if (fd < 0) return;
  struct ucred who;
  socklen_t n = sizeof who;
  /* The mode of the socket keeps others out; this keeps them out of a folder that somebody opened wide. */
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n) != 0 || (who.uid != geteuid() && who.uid != 0)) {
    close(fd);
    return;
  }
  struct timeval idle = {.tv_sec = IDLE_S};
  (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &idle, sizeof idle);
  (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &idle, sizeof idle);
  struct connection *k = free_connection(s);
  if (!k) {
    (void)wire_write(fd, json_pack("{s:s}", "err", "cadencia: the daemon serves 8 commands at once; try again\n"), NULL, 0);
    (void)wire_write(fd, json_pack("{s:i}", "exit", EXIT_REFUSED), NULL, 0);
    close(fd);
    return;
  }
  *k = (struct connection){.server = s, .fd = fd, .used = true};
  local_actor(who.uid, "socket", &k->who);
  if (pthread_create(&k->thread, NULL, connection_main, k) != 0) {
    k->used = false;
    close(fd);
  }
}

static void *accept_main(void *arg) {
  struct local_server *s = arg;
  for (;;) {
    struct pollfd p[2] = {{.fd = s->listen_fd, .events = POLLIN}, {.fd = s->stop_fd, .events = POLLIN}};
    if (poll(p, 2, -1) < 0 && errno != EINTR) break;
    if (p[1].revents) break;
    if (p[0].revents) accept_one(s);
  }
  return NULL;
}

/* ---- start and stop ---- */

static int open_socket(struct local_server *s) {
  struct sockaddr_un address;
  s->dir_fd = wire_address(s->config->state_dir, &address);
  if (s->dir_fd < 0) return CAD_ENOENT;
  s->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (s->listen_fd < 0) return CAD_EIO;
  (void)unlink(address.sun_path); /* the lock says that no other daemon lives here */
  /* The socket is born with the mode of its descriptor: there is no moment at which others could connect. */
  if (fchmod(s->listen_fd, 0600) != 0 || bind(s->listen_fd, (struct sockaddr *)&address, sizeof address) != 0) return CAD_EIO;
  if (chmod(address.sun_path, 0600) != 0 || listen(s->listen_fd, 16) != 0) return CAD_EIO;
  return CAD_OK;
}

static struct local_server *give_up(struct local_server *s, const char *what) {
  log_error("local", "the socket %s/cadencia.sock cannot be opened: %s: %s", s->config->state_dir, what, strerror(errno));
  if (s->listen_fd >= 0) close(s->listen_fd);
  if (s->stop_fd >= 0) close(s->stop_fd);
  if (s->dir_fd >= 0) close(s->dir_fd);
  pthread_cond_destroy(&s->answered);
  pthread_mutex_destroy(&s->lock);
  free(s);
  return NULL;
}

struct local_server *local_server_start(const struct config *config, struct store_worker *store, struct mailbox *control,
                                        const struct local_hooks *hooks) {
  struct local_server *s = calloc(1, sizeof *s);
  if (!s) return NULL;
  s->config = config;
  s->store = store;
  s->control = control;
  s->hooks = *hooks;
  s->listen_fd = s->stop_fd = s->dir_fd = -1;
  pthread_condattr_t monotonic;
  pthread_condattr_init(&monotonic);
  pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
  pthread_cond_init(&s->answered, &monotonic);
  pthread_condattr_destroy(&monotonic);
  pthread_mutex_init(&s->lock, NULL);
  if (open_socket(s) < 0) return give_up(s, "bind");
  s->stop_fd = eventfd(0, EFD_CLOEXEC);
  if (s->stop_fd < 0 || pthread_create(&s->thread, NULL, accept_main, s) != 0) return give_up(s, "thread");
  living_add(s);
  return s;
}

struct local_server *local_server_stop(struct local_server *s) {
  if (!s) return NULL;
  living_remove(s);
  pthread_mutex_lock(&s->lock);
  s->stopping = true;
  pthread_cond_broadcast(&s->answered);
  pthread_mutex_unlock(&s->lock);
  (void)eventfd_write(s->stop_fd, 1);
  pthread_join(s->thread, NULL);
  struct sockaddr_un address;
  snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/cadencia.sock", s->dir_fd);
  (void)unlink(address.sun_path);
  for (int i = 0; i < LOCAL_CONNECTIONS_MAX; i++) {
    struct connection *k = &s->connections[i];
    if (!k->used) continue;
    pthread_mutex_lock(&s->lock);
    if (k->fd >= 0) shutdown(k->fd, SHUT_RDWR);
    pthread_mutex_unlock(&s->lock);
    pthread_join(k->thread, NULL);
  }
  close(s->listen_fd);
  close(s->stop_fd);
  close(s->dir_fd);
  pthread_cond_destroy(&s->answered);
  pthread_mutex_destroy(&s->lock);
  free(s);
  return NULL;
}
