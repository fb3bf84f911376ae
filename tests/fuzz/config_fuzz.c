/* A configuration file: refused with words, or good; never half-taken. */
#include "dialer/base/config.h"
#include "tests/fuzz/fuzz.h"
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* libconfig's scanner keeps the text of a string that a syntax error cut off. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) { return "leak:libconfig"; }

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static struct config config, before;
  static FILE *nowhere;
  if (!nowhere) nowhere = fopen("/dev/null", "w");
  int fd = memfd_create("config", MFD_CLOEXEC);
  if (fd < 0 || !nowhere) return 0;
  if (size == 0 || write(fd, data, size) == (ssize_t)size) {
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    memset(&config, 0x5a, sizeof config);
    before = config;
    if (config_load(path, &config, nowhere) < 0 && memcmp(&before, &config, sizeof config) != 0) __builtin_trap();
  }
  close(fd);
  return 0;
}
