/* server.h — the console's one thread: live pictures in from a descriptor, HTTP out.
 *
 * Everything has a bound: connections, viewers, bytes and seconds a request.
 * Source: server.c (the loop), routes.c (what is answered) */
#ifndef CADENCIA_CONSOLE_SERVER_H
#define CADENCIA_CONSOLE_SERVER_H

#include "dialer/console/gate.h"
#include "dialer/console/hurry.h"
#include "dialer/console/link.h"
#include "dialer/console/pages.h"
#include "dialer/console/picture.h"
#include "dialer/console/viewers.h"

enum {
  CONSOLE_CONNECTIONS_MAX = HURRY_PLACES,
  CONSOLE_MEMORY_BYTES = 32768,
  CONSOLE_UNSENT_BYTES = 131072,
  CONSOLE_IDLE_S = 15,
  CONSOLE_STALE_MS = 5000,
  CONSOLE_LOOK_MS = 500
};

struct server {
  struct MHD_Daemon *daemon;
  int live_fd;
  const char *charts_dir; /* where dygraph.min.js is */
  struct picture picture;
  struct viewers viewers;
  struct pages pages;
  struct link *link; /* NULL: no daemon to ask; pictures only */
  struct gate gate;
  struct hurry hurry;
};

/* A listening TCP socket on a loopback address ("localhost" is 127.0.0.1; port 0: any).
 * CAD_EINVAL: not loopback; CAD_EBUSY: the port is taken; CAD_ENET: else. */
int server_listen(const char *host, unsigned port);
unsigned server_port(int listen_fd);
/* state_dir: where the daemon's socket is, NULL without. Takes listen_fd and live_fd over when it succeeds. NULL: no memory, or HTTP would
 * not start. */
struct server *server_create(int listen_fd, int live_fd, const char *charts_dir, const char *state_dir);
/* Serves until live_fd closes. */
void server_run(struct server *server);
struct server *server_destroy(struct server *server);

/* libmicrohttpd's access handler; cls is the server. Source: routes.c */
enum MHD_Result routes_answer(void *cls, struct MHD_Connection *connection, const char *url, const char *method, const char *version,
                              const char *upload, size_t *upload_size, void **state);
void routes_over(void *cls, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode code);
/* Is this Host header one of this machine's own names? Anything else may be a rebound name. */
bool routes_host_allowed(const char *host);

#endif
