/* A rule pack: read, or refused with words. And its vectors are run, whatever stands in them. */
#include <cadencia/err.h>
#include <campaigns/packs.h>
#include "tests/fuzz/fuzz.h"
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

/* libconfig's scanner keeps the text of a string that a syntax error cut off. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) { return "leak:libconfig"; }

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static struct zones *zones;
  static FILE *nowhere;
  if (!nowhere) nowhere = fopen("/dev/null", "w");
  if (!zones) zones = zones_create("/usr/share/zoneinfo");
  int fd = memfd_create("pack", MFD_CLOEXEC), ran = 0;
  struct ruleset *rules = ruleset_create();
  struct calendar *calendar = calendar_create();
  if (fd >= 0 && nowhere && zones && rules && calendar && (size == 0 || write(fd, data, size) == (ssize_t)size)) {
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int rc = pack_read(path, rules, nowhere);
    struct law law = {zones, rules, calendar};
    calendar_ready(calendar);
    if (rc == CAD_OK && pack_test(path, &law, zones, &ran, nowhere) > ran) __builtin_trap();
  }
  if (fd >= 0) close(fd);
  ruleset_destroy(rules);
  calendar_destroy(calendar);
  return 0;
}
