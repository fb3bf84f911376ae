/* A rule pack: refused with words that name a line, or rules within every bound; its vectors are run and may only say yes or no. */
#include "tests/fuzz/fuzz.h"
#include <cadencia/err.h>
#include <campaigns/packs.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* libconfig's scanner keeps the text of a string that a syntax error cut off. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) { return "leak:libconfig"; }

static bool sound(const struct rule *r) {
  if (!memchr(r->id, 0, sizeof r->id) || r->kind >= RULE_KIND_COUNT || r->region == 0 || r->purposes == 0 || r->from >= r->until)
    return false;
  if (r->kind == RULE_HOURS)
    for (int d = 0; d < 7; d++)
      for (int i = 0; i < RULE_WINDOWS; i++)
        if (r->u.hours.open[d][i] > r->u.hours.close[d][i] || r->u.hours.close[d][i] > 1440) return false;
  if (r->kind == RULE_CAP && (r->u.cap.calls == 0 || r->u.cap.counts == 0 || (r->u.cap.hours == 0 && r->u.cap.days == 0))) return false;
  if (r->kind == RULE_REGISTRY && (r->u.registry.count < 1 || r->u.registry.count > RULE_LISTS_MAX)) return false;
  if (r->kind == RULE_CALLER_ID && (r->u.caller.forbid_count > RULE_PREFIXES_MAX || r->u.caller.require_count > RULE_PREFIXES_MAX))
    return false;
  return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static FILE *nowhere;
  static struct zones *zones;
  static int fd = -1;
  static char path[64];
  if (fd < 0) {
    nowhere = fopen("/dev/null", "w");
    zones = zones_create("/usr/share/zoneinfo");
    fd = memfd_create("pack", 0);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  }
  if (!nowhere || !zones || fd < 0 || ftruncate(fd, 0) != 0 || pwrite(fd, data, size, 0) != (ssize_t)size) return 0;
  struct ruleset *rules = ruleset_create();
  if (!rules) return 0;
  int r = pack_read(path, rules, nowhere), ran = 0;
  for (int i = 0; i < rules->count; i++)
    if (!sound(&rules->rules[i])) __builtin_trap();
  if (r >= 0) {
    struct law law = {zones, rules, NULL};
    (void)pack_test(path, &law, zones, &ran, nowhere);
  }
  ruleset_destroy(rules);
  return 0;
}
