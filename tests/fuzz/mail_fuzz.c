/* What a child sends: anything that mail_valid lets through must be in range. */
#include "dialer/base/mail.h"
#include "tests/fuzz/fuzz.h"
#include <cadencia/err.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static struct mail mail;
  memset(&mail, 0, sizeof mail);
  memcpy(&mail, data, size < sizeof mail ? size : sizeof mail);
  if (mail_valid(&mail, (unsigned)size) == CAD_OK && mail_size((enum mail_kind)mail.kind) != size) __builtin_trap();
  return 0;
}
