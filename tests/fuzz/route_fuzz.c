/* Bytes of a browser, given to the console through a real connection: it answers or hangs up, and nothing is left behind. */
#include "dialer/base/clock.h"
#include "dialer/console/server.h"
#include "tests/fuzz/fuzz.h"
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ROUNDS = 6, PIECE = 700 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static struct server *server;
  static char reply[65536];
  if (!server) server = server_create(server_listen("127.0.0.1", 0), -1, "/usr/share/javascript/dygraphs", NULL);
  int pair[2];
  if (!server || socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) < 0) return 0;
  struct sockaddr_in from = {.sin_family = AF_INET, .sin_port = htons(40000), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (MHD_add_connection(server->daemon, pair[0], (struct sockaddr *)&from, sizeof from) != MHD_YES) {
    close(pair[1]);
    return 0;
  }
  for (size_t at = 0; at < size; at += PIECE) { /* in pieces: requests end where they like */
    if (send(pair[1], data + at, size - at < PIECE ? size - at : PIECE, MSG_NOSIGNAL) < 0) break;
    MHD_run(server->daemon);
    while (recv(pair[1], reply, sizeof reply, 0) > 0) {
    }
  }
  for (int i = 0; i < ROUNDS; i++) {
    MHD_run(server->daemon);
    while (recv(pair[1], reply, sizeof reply, 0) > 0) {
    }
  }
  close(pair[1]);
  for (int i = 0; i < 3; i++) MHD_run(server->daemon);
  const union MHD_DaemonInfo *info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);
  if (info && info->num_connections > server->viewers.count) __builtin_trap(); /* a stream ends with its next beat */
  return 0;
}
