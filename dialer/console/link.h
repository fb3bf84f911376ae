/* link.h — the console's way to the daemon: the commands of the local socket, asked without waiting.
 *
 * Two threads of its own carry requests over the socket of state_dir; answers come back on the server's thread, from
 * link_collect. What a page may do is so what a command may do, and a stalled daemon stalls no page.
 * Thread: the console's, but for the two inside. Source: link.c */
#ifndef CADENCIA_CONSOLE_LINK_H
#define CADENCIA_CONSOLE_LINK_H

#include <jansson.h>

struct link;
enum { LINK_WORDS_MAX = 8, LINK_WAITING_MAX = 64 };
/* status: exit status of the command, or -1 when the daemon could not be asked. out: its JSON, NULL without; borrowed. */
typedef void link_done(void *arg, int status, const json_t *out);

struct link *link_create(const char *state_dir);
/* Words end with NULL; --json is added. secret may be NULL. CAD_OK, CAD_EFULL, CAD_EINVAL. */
int link_ask(struct link *link, const char *const *words, const char *secret, link_done *done, void *arg);
int link_fd(const struct link *link); /* readable: there is something to collect */
void link_collect(struct link *link);
/* What waits is answered with -1, on the caller's thread. */
struct link *link_destroy(struct link *link);

#endif
