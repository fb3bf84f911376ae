/* A campaign template: refused with words, or a definition that keeps within the law; never half-taken. */
#include "dialer/local/template.h"
#include "tests/fuzz/fuzz.h"
#include <string.h>

/* libconfig's scanner keeps the text of a string that a syntax error cut off. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) { return "leak:libconfig"; }

static bool lawful(const struct campaign_def *d) {
  const struct campaign_terms *t = &d->terms;
  if (t->ring_ms < 15000 || t->max_wait_ms > 2000 || t->limit_bp == 0 || t->limit_bp > 300 || d->retry.count > RETRY_RULES_MAX)
    return false;
  if ((uint64_t)d->gate.attempts_max * 86400000u > 3u * (uint64_t)d->gate.attempts_window_ms) return false;
  for (int i = 0; i < d->retry.count; i++)
    if (d->retry.rules[i].outcome == OUTCOME_UNWANTED || d->retry.rules[i].delay_ms <= 0) return false;
  return hours_valid(&d->gate.hours);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static struct campaign_def def, before;
  static FILE *nowhere;
  if (!nowhere) nowhere = fopen("/dev/null", "w");
  FILE *in = size ? fmemopen((void *)(uintptr_t)data, size, "r") : NULL;
  if (!in || !nowhere) return 0;
  memset(&def, 0x5a, sizeof def);
  before = def;
  int r = template_read(in, "template", &def, nowhere);
  fclose(in);
  if (r < 0 ? memcmp(&before, &def, sizeof def) != 0 : !lawful(&def)) __builtin_trap();
  return 0;
}
