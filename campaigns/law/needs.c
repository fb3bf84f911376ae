#include <campaigns/gate.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { DAY_MS = 86400000 };

struct needs {
  struct gate_need *out;
  int count, max;
};

static void need(struct needs *n, const struct rule *r, const char *fix, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
static void need(struct needs *n, const struct rule *r, const char *fix, const char *fmt, ...) {
  if (n->count == n->max) return;
  struct gate_need *g = &n->out[n->count++];
  *g = (struct gate_need){.rule = r};
  snprintf(g->fix, sizeof g->fix, "%s", fix);
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(g->what, sizeof g->what, fmt, ap);
  va_end(ap);
}

static void need_registry(struct needs *n, const struct rule *r, const struct campaign_claims *c) {
  for (int i = 0; i < r->u.registry.count; i++) {
    const char *name = r->u.registry.names[i];
    const struct gate_registry *found = NULL;
    char fix[160];
    for (int k = 0; k < c->registry_count; k++)
      if (strcmp(c->registries[k].name, name) == 0) found = &c->registries[k];
    snprintf(fix, sizeof fix, "cadencia dnc load FILE --registry %s --date YYYY-MM-DD", name);
    int64_t age_ms = found ? c->now.ms - found->as_of.ms : 0;
    if (!found)
      need(n, r, fix, "the registry %s is not loaded", name);
    else if (age_ms > (int64_t)r->u.registry.max_age_days * DAY_MS || age_ms < -DAY_MS)
      need(n, r, fix, "the registry %s is %lld days old, %u are the limit", name, (long long)(age_ms / DAY_MS), r->u.registry.max_age_days);
  }
}

static bool begins(uint64_t number, uint64_t prefix) {
  while (number > prefix) number /= 10;
  return number == prefix && prefix != 0;
}

static void need_caller(struct needs *n, const struct rule *r, const struct gate_terms *t) {
  const struct rule_caller *c = &r->u.caller;
  bool fits = c->require_count == 0, bad = false;
  for (int i = 0; i < c->require_count; i++) fits |= begins(t->caller_id, c->require[i]);
  for (int i = 0; i < c->forbid_count; i++) bad |= begins(t->caller_id, c->forbid[i]);
  if (c->needed && t->caller_id == 0)
    need(n, r, "set caller_id of the campaign or of its trunk", "no calling number is shown");
  else if (t->caller_id != 0 && bad)
    need(n, r, "set caller_id to a permitted number of the seller", "+%llu may not be shown for these calls",
         (unsigned long long)t->caller_id);
  else if (t->caller_id != 0 && !fits)
    need(n, r,
         "set caller_id to a number of that range, or declare what the seller is with sector = \"general\" where the rule binds some "
         "trades alone",
         "+%llu is not of the range prescribed (+%llu...)", (unsigned long long)t->caller_id, (unsigned long long)c->require[0]);
}

static void need_of_rule(struct needs *n, const struct rule *r, const struct gate_terms *t, const struct campaign_claims *c) {
  switch ((enum rule_kind)r->kind) {
  case RULE_REGISTRY: need_registry(n, r, c); break;
  case RULE_CALLER_ID: need_caller(n, r, t); break;
  case RULE_RING:
    if ((int64_t)c->ring_ms < r->u.value)
      need(n, r, "set ring_s higher", "rings %u ms, %lld ms are the least", c->ring_ms, (long long)r->u.value);
    break;
  case RULE_WAIT:
    if ((int64_t)c->max_wait_ms > r->u.value)
      need(n, r, "set max_wait_ms lower", "people wait up to %u ms for an agent, %lld ms are the most", c->max_wait_ms,
           (long long)r->u.value);
    break;
  case RULE_ABANDON:
    if (c->dials_ahead && (int64_t)c->limit_bp > r->u.value)
      need(n, r, "set abandonment_limit_pct lower", "the abandonment limit is %u.%02u %%, %lld.%02lld %% are the most", c->limit_bp / 100,
           c->limit_bp % 100, (long long)(r->u.value / 100), (long long)(r->u.value % 100));
    break;
  case RULE_MESSAGE:
    if (c->dials_ahead && !c->has_message)
      need(n, r, "add prompts = { safe_harbour = \"FILE.wav\"; }", "there is no message for people whom no agent can take");
    else if (c->dials_ahead && !c->has_optout_key && r->u.value)
      need(n, r, "add optout_digit to prompts", "the message has no key by which people opt out");
    break;
  default: break;
  }
}

int gate_needs(const struct gate_terms *t, const struct campaign_claims *c, const struct law *law, struct gate_need *out, int max) {
  struct needs n = {out, 0, max};
  struct law_place p = {.zone_count = 0};
  for (int i = 0; i < t->country_count; i++) place_add_region(&p, t->countries[i]);
  for (int i = 0; law->rules && i < law->rules->count; i++) {
    const struct rule *r = &law->rules->rules[i];
    if (rule_applies(r, t, &p) && rule_in_force(r, &p, law->zones, c->now)) need_of_rule(&n, r, t, c);
  }
  for (int i = 0; law->rules && i < t->country_count; i++) {
    char text[REGION_TEXT_MAX];
    region_text(t->countries[i], text);
    if (!ruleset_knows(law->rules, t->countries[i]) && (t->purpose & (PURPOSE_TELEMARKETING | PURPOSE_COLLECTIONS)))
      need(&n, NULL, "write a pack for that country into the site's rules folder (docs/compliance.md says how), or leave the country out",
           "no rule pack knows %s", text);
  }
  return n.count;
}
