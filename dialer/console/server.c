#include "dialer/console/server.h"
#include "dialer/base/clock.h"
#include "dialer/base/image.h"
#include "dialer/base/log.h"
#include <arpa/inet.h>
#include <cadencia/err.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

union address {
  struct sockaddr any;
  struct sockaddr_in v4;
  struct sockaddr_in6 v6;
};

static int loopback_address(const char *host, unsigned port, union address *out) {
  if (strcmp(host, "localhost") == 0) host = "127.0.0.1";
  memset(out, 0, sizeof *out);
  if (port > 65535) return CAD_EINVAL;
  if (inet_pton(AF_INET, host, &out->v4.sin_addr) == 1) {
    out->v4.sin_family = AF_INET;
    out->v4.sin_port = htons((uint16_t)port);
    return ntohl(out->v4.sin_addr.s_addr) >> 24 == 127 ? (int)sizeof out->v4 : CAD_EINVAL;
  }
  if (inet_pton(AF_INET6, host, &out->v6.sin6_addr) == 1) {
    out->v6.sin6_family = AF_INET6;
    out->v6.sin6_port = htons((uint16_t)port);
    return IN6_IS_ADDR_LOOPBACK(&out->v6.sin6_addr) ? (int)sizeof out->v6 : CAD_EINVAL;
  }
  return CAD_EINVAL;
}

int server_listen(const char *host, unsigned port) {
  union address address;
  int size = loopback_address(host, port, &address), on = 1, unsent_bytes = CONSOLE_UNSENT_BYTES;
  if (size < 0) return size;
  int fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return CAD_ENET;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &unsent_bytes,
             sizeof unsent_bytes); /* every connection inherits it: no stale backlog in the kernel */
  if (bind(fd, &address.any, (socklen_t)size) == 0 && listen(fd, 64) == 0) return fd;
  int rc = errno == EADDRINUSE ? CAD_EBUSY : CAD_ENET;
  close(fd);
  return rc;
}

unsigned server_port(int listen_fd) {
  union address address = {0};
  socklen_t size = sizeof address;
  if (getsockname(listen_fd, &address.any, &size) < 0) return 0;
  return ntohs(address.any.sa_family == AF_INET6 ? address.v6.sin6_port : address.v4.sin_port);
}

/* What strangers do to their own connections is no news of ours. */
static void quiet(void *cls, const char *format, va_list args) {
  (void)cls;
  char line[200];
  vsnprintf(line, sizeof line, format, args);
  log_debug("console", "%s", line);
}

static void on_connection(void *cls, struct MHD_Connection *connection, void **place, enum MHD_ConnectionNotificationCode code) {
  struct server *server = cls;
  if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
    hurry_leave(*place);
    *place = NULL;
    return;
  }
  const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
  if (info) *place = hurry_enter(&server->hurry, info->connect_fd, clock_mono());
}

static struct hurry_place *place_of(struct MHD_Connection *connection) {
  const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
  return info ? info->socket_context : NULL;
}

/* Around routes_answer: which part of the request this is. */
static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *url, const char *method, const char *version,
                                  const char *upload, size_t *upload_size, void **state) {
  bool body = strcmp(method, MHD_HTTP_METHOD_POST) == 0 && (!*state || *upload_size);
  if (body)
    hurry_body(place_of(connection), *upload_size, clock_mono());
  else
    hurry_answer(place_of(connection));
  return routes_answer(cls, connection, url, method, version, upload, upload_size, state);
}

static void on_over(void *cls, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode code) {
  hurry_head(place_of(connection), clock_mono());
  routes_over(cls, connection, state, code);
}

struct server *server_create(int listen_fd, int live_fd, const char *charts_dir, const char *state_dir) {
  struct server *server = calloc(1, sizeof *server);
  if (!server) return NULL;
  server->link = link_destroy(server->link); /* wakes whoever was laid aside, so that HTTP can end */
  server->live_fd = -1;
  server->charts_dir = charts_dir;
  if (state_dir && !(server->link = link_create(state_dir))) return server_destroy(server);
  if (pages_init(&server->pages) < 0 || viewers_init(&server->viewers, clock_mono()) < 0) return server_destroy(server);
  server->daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, NULL, NULL, on_request, server,
                                    MHD_OPTION_EXTERNAL_LOGGER, quiet, NULL, MHD_OPTION_NOTIFY_COMPLETED, on_over, NULL,
                                    MHD_OPTION_NOTIFY_CONNECTION, on_connection, server, MHD_OPTION_LISTEN_SOCKET, listen_fd,
                                    MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONSOLE_CONNECTIONS_MAX, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                                    (size_t)CONSOLE_MEMORY_BYTES, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)CONSOLE_IDLE_S,
                                    MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_END);
  if (!server->daemon) return server_destroy(server);
  server->live_fd = live_fd;
  return server;
}

/* Takes what waits on live_fd. false: it has closed. */
static bool take_pictures(struct server *server) {
  static struct live in; /* too large for the stack; one thread */
  bool fresh = false, open = true;
  for (int i = 0; i < 64; i++) {
    ssize_t n = recv(server->live_fd, &in, sizeof in, MSG_DONTWAIT | MSG_TRUNC);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) break;
    if (n <= 0) {
      open = false;
      break;
    }
    if (picture_take(&server->picture, &in, (size_t)n, clock_mono()) == CAD_OK) fresh = true;
  }
  struct blob *event = fresh && server->viewers.count > server->viewers.desks ? picture_event(&server->picture) : NULL;
  if (event) viewers_publish(&server->viewers, event);
  if (fresh) viewers_desks(&server->viewers, &server->picture.live);
  return open;
}

void server_run(struct server *server) {
  const union MHD_DaemonInfo *info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
  struct pollfd fds[3] = {{.fd = server->live_fd, .events = POLLIN},
                          {.fd = info->epoll_fd, .events = POLLIN},
                          {.fd = server->link ? link_fd(server->link) : -1, .events = POLLIN}};
  struct mono rest = mono_add(clock_mono(), IMAGE_EVERY_MS);
  for (bool open = true; open;) {
    image_rest(&rest, clock_mono());
    int64_t wait_ms = viewers_tick(&server->viewers, clock_mono());
    hurry_check(&server->hurry, clock_mono());
    MHD_run(server->daemon);
    MHD_UNSIGNED_LONG_LONG http_ms;
    if (MHD_get_timeout(server->daemon, &http_ms) == MHD_YES && (int64_t)http_ms < wait_ms) wait_ms = (int64_t)http_ms;
    /* Once at its bound of connections the library looks for room again only when it is run. */
    if (wait_ms > CONSOLE_LOOK_MS) wait_ms = CONSOLE_LOOK_MS;
    if (poll(fds, 3, (int)wait_ms) < 0 && errno != EINTR) break;
    if (fds[0].revents) open = take_pictures(server);
    if (fds[2].revents) link_collect(server->link);
  }
  viewers_close(&server->viewers);
  for (int i = 0; i < 4; i++) MHD_run(server->daemon);
}

struct server *server_destroy(struct server *server) {
  if (!server) return NULL;
  if (server->daemon) {
    viewers_close(&server->viewers);
    MHD_stop_daemon(server->daemon); /* closes the listening socket */
  }
  if (server->live_fd >= 0) close(server->live_fd);
  viewers_clear(&server->viewers);
  picture_clear(&server->picture);
  pages_clear(&server->pages);
  free(server);
  return NULL;
}
