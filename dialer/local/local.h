/* local.h — the commands, and the socket by which they reach a running daemon.
 *
 * state_dir/cadencia.sock (mode 0600) takes one JSON request a line and answers with JSON
 * lines: {"out": text}, {"err": text}, {"progress": {...}}, {"exit": 0|1|2}; the last ends a
 * request. A request may carry descriptors (SCM_RIGHTS): the list to import and its reject
 * file, so that the daemon needs no right to read the caller's files. Without a daemon the
 * same command functions work on the database under state_dir/cadencia.lock, which a daemon
 * holds too. Source: server.c client.c lock.c */
#ifndef CADENCIA_LOCAL_H
#define CADENCIA_LOCAL_H

#include "dialer/base/config.h"
#include "dialer/base/live.h"
#include "dialer/base/mailbox.h"
#include "dialer/store_worker.h"

/* Takes the lock of a state directory; it is held until *fd is closed or the process ends. CAD_OK, CAD_EBUSY (held by
 * another), CAD_EIO. */
int local_lock(const char *state_dir, int *fd);

/* The user of this machine with that id, for the audit log. */
void local_actor(uint32_t uid, const char *door, struct store_actor *out);

/* Signed checkpoints that are not in their folder yet go there. */
void local_drop(const struct config *config);
/* Those that the address of checkpoint_url does not have yet are posted; how many, or < 0: it was not taken (logged now and then).
 * May take some seconds; one thread. Source: post.c */
int local_post(const struct config *config);

struct local_hooks {
  void *arg;
  void (*live)(void *arg, struct live *out); /* copies the newest picture; any thread */
};
struct local_server;
/* One thread accepts, one a connection works, at most LOCAL_CONNECTIONS_MAX. Orders go to control's inbox. NULL: the
 * socket could not be made (logged). config must live as long as the server. */
enum { LOCAL_CONNECTIONS_MAX = 8 };
struct local_server *local_server_start(const struct config *config, struct store_worker *store, struct mailbox *control,
                                        const struct local_hooks *hooks);
/* Ends running commands (an import under way is given up, nothing of it visible) and joins. */
struct local_server *local_server_stop(struct local_server *s);
/* An ORDER_REPLY that control sent; called on control's loop, never blocks beyond a short lock. */
void local_server_reply(struct local_server *s, const struct mail *reply);

#endif
