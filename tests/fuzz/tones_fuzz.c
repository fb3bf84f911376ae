/* A country's tone plan: refused with words, or within what the detector can hold; never half-taken. */
#include "dialer/base/tone_file.h"
#include "tests/fuzz/fuzz.h"
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* libconfig's scanner keeps the text of a string that a syntax error cut off. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) { return "leak:libconfig"; }

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static struct tone_plan plan, before;
  static FILE *nowhere;
  if (!nowhere) nowhere = fopen("/dev/null", "w");
  int fd = memfd_create("tones", MFD_CLOEXEC);
  if (fd < 0 || !nowhere) return 0;
  if (size == 0 || write(fd, data, size) == (ssize_t)size) {
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    memset(&plan, 0x5a, sizeof plan);
    before = plan;
    int rc = tone_file_read(path, &plan, nowhere);
    if (rc < 0 ? memcmp(&before, &plan, sizeof plan) != 0 : (size_t)plan.count > sizeof plan.tones / sizeof plan.tones[0]) __builtin_trap();
    (void)tone_file_is(path);
  }
  close(fd);
  return 0;
}
