/* child.h — a supervised child process: a program of libexec/cadencia beside our own, or our own with another verb.
 *
 * The child gets descriptor 3, one end of a SOCK_SEQPACKET pair, and standard error;
 * every other descriptor is close-on-exec. The child ends when descriptor 3 closes.
 * Thread: the supervisor's. Source: child.c */
#ifndef CADENCIA_CHILD_H
#define CADENCIA_CHILD_H

#include "dialer/base/mail.h"
#include <stdbool.h>
#include <sys/types.h>

enum { CHILD_FD = 3 };

struct child {
  pid_t pid; /* 0: not running */
  int fd;    /* our end, non-blocking; -1 when not running */
};

/* Start libexec/cadencia/argv[1], else /proc/self/exe, with argv (NULL-terminated, argv[0] included; argv[1]: the verb). buffer_bytes:
 * wanted socket buffer each way. CAD_OK, CAD_EIO. On failure *out is {0, -1}. */
int child_start(char *const argv[], int buffer_bytes, struct child *out);
/* Has it ended? Reaps it; *status as from waitpid. Never blocks. */
bool child_ended(struct child *child, int *status);
/* Is it dead and not buried yet? Changes nothing. */
bool child_dead(const struct child *child);
void child_kill(struct child *child); /* SIGKILL and reap; closes fd */

/* One mail through a descriptor; never blocks. CAD_OK, CAD_EFULL (would block), CAD_EIO (gone). */
int mail_send_fd(int fd, const struct mail *mail);
/* CAD_OK, CAD_EMPTY, CAD_EIO (closed), CAD_EFORMAT/CAD_EVERSION (bad mail: dropped). */
int mail_recv_fd(int fd, struct mail *out);

/* Called first in a child: dies with its parent, no new privileges. */
void child_harden(void);

#endif
