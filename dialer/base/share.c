#include "dialer/base/share.h"
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_dir(const char *path) {
  struct stat st;
  return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

void share_find(char *out, size_t size) {
  const char *env = getenv("CADENCIA_SHARE");
  if (env && env[0] == '/' && strlen(env) < size) {
    snprintf(out, size, "%s", env);
    return;
  }
  char exe[512];
  ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
  exe[n > 0 ? n : 0] = 0;
  char *slash = strrchr(exe, '/');
  if (slash) *slash = 0;
  /* A program in a build folder uses the data of that build, whatever an older installation left behind. */
  static const char *const BESIDE[] = {"share", "../share/cadencia"};
  for (size_t i = 0; slash && i < sizeof BESIDE / sizeof BESIDE[0]; i++) {
    char path[600], real[4096];
    snprintf(path, sizeof path, "%s/%s", exe, BESIDE[i]);
    if (!is_dir(path) || !realpath(path, real) || strlen(real) >= size) continue;
    snprintf(out, size, "%s", real);
    return;
  }
  snprintf(out, size, "%s", CADENCIA_SHARE_DIR);
}
