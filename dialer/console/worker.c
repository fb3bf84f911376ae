#include "dialer/console/console.h"
#include "dialer/base/child.h"
#include "dialer/base/confine.h"
#include "dialer/base/log.h"
#include "dialer/console/server.h"
#include <cadencia/err.h>
#include <stdio.h>

enum { EXIT_PORT_TAKEN = 3 };
static const char CHARTS_DIR[] = "/usr/share/javascript/dygraphs"; /* Debian package libjs-dygraphs */

int console_worker_main(int argc, char **argv) {
  child_harden();
  char *end = NULL;
  unsigned long port = argc == 3 || argc == 4 ? strtoul(argv[2], &end, 10) : 0;
  if ((argc != 3 && argc != 4) || end == argv[2] || *end || port > 65535) {
    fprintf(stderr, "usage: console-worker HOST PORT [STATE_DIR], with live pictures on descriptor 3\n");
    return 2;
  }
  const char *host = argv[1];
  if (confine(CONFINE_CONSOLE) == CAD_EIO) log_warn("console", "the system refuses the list of system calls; the console is not confined");
  int listen_fd = server_listen(host, (unsigned)port);
  if (listen_fd == CAD_EBUSY) {
    log_error("console", "port %lu on %s is taken by another program; name another in console.bind", port, host);
    return EXIT_PORT_TAKEN;
  }
  if (listen_fd == CAD_EINVAL) {
    log_error("console", "%s is not a loopback address; the console serves this machine only, a front proxy the others", host);
    return 2;
  }
  if (listen_fd < 0) {
    log_error("console", "cannot listen on %s port %lu", host, port);
    return 1;
  }
  struct server *server = server_create(listen_fd, CHILD_FD, CHARTS_DIR, argc == 4 ? argv[3] : NULL);
  if (!server) {
    log_error("console", "HTTP would not start");
    return 1;
  }
  log_info("console", strchr(host, ':') ? "live page at http://[%s]:%u/" : "live page at http://%s:%u/", host, server_port(listen_fd));
  server_run(server);
  server_destroy(server);
  return 0;
}
