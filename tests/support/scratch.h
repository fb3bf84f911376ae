/* scratch.h — files of a test. They lie in one folder of the test's own ($TMPDIR, else /tmp), which goes when the process that made it
 * ends by exit(): Check gives each test a process. A test that fails leaves its folder to be looked at. */
#ifndef TESTS_SCRATCH_H
#define TESTS_SCRATCH_H

#include <check.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static char scratch_folder[64];
static pid_t scratch_owner;

static inline int scratch_remove_one(const char *path, const struct stat *st, int kind, struct FTW *at) {
  (void)st, (void)kind, (void)at;
  return remove(path);
}
/* Takes everything away now; the next scratch_dir() is a new folder. A child that was forked takes nothing. */
static inline void scratch_remove(void) {
  if (scratch_owner == getpid() && scratch_folder[0]) nftw(scratch_folder, scratch_remove_one, 16, FTW_DEPTH | FTW_PHYS);
  if (scratch_owner == getpid()) scratch_folder[0] = 0;
}

static inline const char *scratch_dir(void) {
  if (scratch_folder[0]) return scratch_folder;
  const char *parent = getenv("TMPDIR");
  snprintf(scratch_folder, sizeof scratch_folder, "%s/cadencia-test-XXXXXX", parent && *parent && strlen(parent) < 40 ? parent : "/tmp");
  ck_assert_ptr_nonnull(mkdtemp(scratch_folder));
  if (scratch_owner != getpid()) atexit(scratch_remove);
  scratch_owner = getpid();
  return scratch_folder;
}

/* The path of a file in it; good until the eighth call from now. */
static inline const char *scratch_path(const char *name) {
  static char path[8][256];
  static unsigned turn;
  turn = (turn + 1) % 8;
  snprintf(path[turn], sizeof path[turn], "%s/%s", scratch_dir(), name);
  return path[turn];
}

/* A file with this text; its path, good as above. */
static inline const char *scratch_write(const char *name, const char *text) {
  const char *path = scratch_path(name);
  FILE *f = fopen(path, "w");
  ck_assert_ptr_nonnull(f);
  ck_assert_int_ge(fputs(text, f), 0);
  ck_assert_int_eq(fclose(f), 0);
  return path;
}

/* An open file without a name that holds these bytes, read from its start. */
static inline int scratch_fd(const void *bytes, size_t count) {
  int fd = memfd_create("test", MFD_CLOEXEC);
  ck_assert_int_ge(fd, 0);
  ck_assert_int_eq(write(fd, bytes, count), (ssize_t)count);
  ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
  return fd;
}

#endif
