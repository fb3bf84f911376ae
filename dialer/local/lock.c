#include "dialer/local/local.h"
#include <cadencia/err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

int local_lock(const char *state_dir, int *fd) {
  char path[CONFIG_PATH_MAX + 16];
  if (snprintf(path, sizeof path, "%s/cadencia.lock", state_dir) >= (int)sizeof path) return CAD_EINVAL;
  int f = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (f < 0) return CAD_EIO;
  if (flock(f, LOCK_EX | LOCK_NB) != 0) {
    int busy = errno == EWOULDBLOCK;
    close(f);
    return busy ? CAD_EBUSY : CAD_EIO;
  }
  /* The pid is for people who look; the lock itself is what counts. */
  if (ftruncate(f, 0) == 0) (void)dprintf(f, "%ld\n", (long)getpid());
  *fd = f;
  return CAD_OK;
}
