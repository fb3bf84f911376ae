#include <cadencia/err.h>
#include <cadencia/names.h>
#include <stddef.h>
#include <string.h>

static const char *const OUTCOMES[] = {"",           "connected", "abandoned", "early_hangup", "machine",     "screening", "fax",
                                       "dead_air",   "no_answer", "busy",      "rejected",     "unwanted",    "blocked",   "invalid_number",
                                       "congestion", "cancelled", "failed",    "interrupted",  "message_left"};
static const char *const VERDICTS[] = {"", "person", "machine", "screening", "fax", "dead_air", "busy_tone", "sit"};
static const char *const REASONS[] = {"",
                                      "short_greeting",
                                      "undecided",
                                      "long_greeting",
                                      "cadence",
                                      "beep",
                                      "fax_tone",
                                      "busy_tone",
                                      "sit_tone",
                                      "no_sound",
                                      "early_greeting",
                                      "screening_off",
                                      "screening_phrase",
                                      "fingerprint",
                                      "sit_vacant",
                                      "sit_intercept",
                                      "sit_no_circuit",
                                      "picked_up",
                                      "forwarded",
                                      "automaton"};
static const char *const ACTIONS[] = {"hang_up", "message", "agent"};
static const char *const SKIPS[] = {"not_now", "spoken", "data", "language", "other"};
static const char *const CAUSES[] = {"",        "normal",         "busy",       "no_answer", "rejected",   "unwanted",
                                     "blocked", "invalid_number", "congestion", "timeout",   "redirected", "auth",
                                     "media",   "server",         "client",     "cancelled", "rtp_dead",   "worker_lost",
                                     "local",   "in_band_busy",   "in_band_sit"};
static const char *const ENDED[] = {"", "callee", "agent", "system", "network"};
static const char *const MODES[] = {"preview", "progressive", "ratio", "predictive", "manual"};
static const char *const AGENTS[] = {"logged_out", "paused", "ready", "reserved", "talking", "wrapup"};
static const char *const CAMPAIGNS[] = {"stopped", "running", "paused"};
static const char *const REFUSALS[] = {
    "",        "dnc",       "attempt_cap", "hours",   "zone_unknown", "lease_gone", "campaign_not_running",
    "clock",   "store",     "number",      "country", "caller_id",    "registry",   "registry_stale",
    "consent", "cool_down", "holiday",     "ban",     "on_the_line"};
static const char *const TRUNKS[] = {"starting",         "up",           "unusable", "name_unknown",       "registering",
                                     "password_refused", "unregistered", "silent",   "certificate_refused"};
static const char *const QUEUE_ENDS[] = {"", "served", "left", "timeout", "full", "closed", "broken"};

#define COUNT(t) (sizeof(t) / sizeof((t)[0]))
_Static_assert(COUNT(OUTCOMES) == OUTCOME_COUNT, "a word for every outcome");
_Static_assert(COUNT(VERDICTS) == VERDICT_COUNT, "a word for every verdict");
_Static_assert(COUNT(REASONS) == REASON_COUNT, "a word for every reason");
_Static_assert(COUNT(ACTIONS) == MACHINE_ACTION_COUNT, "a word for every action");
_Static_assert(COUNT(SKIPS) == SKIP_REASON_COUNT, "a word for every reason to skip");
_Static_assert(COUNT(CAUSES) == CAUSE_COUNT, "a word for every cause");
_Static_assert(COUNT(ENDED) == ENDED_BY_COUNT, "a word for every ender");
_Static_assert(COUNT(MODES) == PACING_COUNT, "a word for every mode");
_Static_assert(COUNT(AGENTS) == AGENT_STATE_COUNT, "a word for every agent state");
_Static_assert(COUNT(CAMPAIGNS) == CAMPAIGN_STATE_COUNT, "a word for every campaign state");
_Static_assert(COUNT(REFUSALS) == REFUSAL_COUNT, "a word for every refusal");

_Static_assert(COUNT(QUEUE_ENDS) == QUEUE_END_COUNT, "a word for every end of a wait");
_Static_assert(COUNT(TRUNKS) == TRUNK_STATE_COUNT, "a word for every trunk state");

static const char *word(const char *const *table, size_t count, unsigned index) { return index < count ? table[index] : "?"; }
static int find(const char *const *table, size_t count, const char *w) {
  for (size_t i = 0; i < count; i++)
    if (table[i][0] && strcmp(table[i], w) == 0) return (int)i;
  return CAD_EINVAL;
}

const char *outcome_name(enum outcome o) { return word(OUTCOMES, COUNT(OUTCOMES), (unsigned)o); }
int outcome_parse(const char *w) { return find(OUTCOMES, COUNT(OUTCOMES), w); }
const char *verdict_name(enum verdict v) { return word(VERDICTS, COUNT(VERDICTS), (unsigned)v); }
const char *verdict_reason_name(enum verdict_reason r) { return word(REASONS, COUNT(REASONS), (unsigned)r); }
const char *machine_action_name(enum machine_action a) { return word(ACTIONS, COUNT(ACTIONS), (unsigned)a); }
int machine_action_parse(const char *w) { return find(ACTIONS, COUNT(ACTIONS), w); }
const char *skip_reason_name(enum skip_reason r) { return word(SKIPS, COUNT(SKIPS), (unsigned)r); }
int skip_reason_parse(const char *w) { return find(SKIPS, COUNT(SKIPS), w); }
const char *cause_name(enum cause c) { return word(CAUSES, COUNT(CAUSES), (unsigned)c); }
const char *ended_by_name(enum ended_by e) { return word(ENDED, COUNT(ENDED), (unsigned)e); }
const char *pacing_mode_name(enum pacing_mode m) { return word(MODES, COUNT(MODES), (unsigned)m); }
int pacing_mode_parse(const char *w) { return find(MODES, COUNT(MODES), w); }
const char *agent_state_name(enum agent_state s) { return word(AGENTS, COUNT(AGENTS), (unsigned)s); }
int agent_state_parse(const char *w) { return find(AGENTS, COUNT(AGENTS), w); }
const char *campaign_state_name(enum campaign_state s) { return word(CAMPAIGNS, COUNT(CAMPAIGNS), (unsigned)s); }
int campaign_state_parse(const char *w) { return find(CAMPAIGNS, COUNT(CAMPAIGNS), w); }
const char *refusal_name(enum refusal r) { return word(REFUSALS, COUNT(REFUSALS), (unsigned)r); }
const char *trunk_state_name(enum trunk_state s) { return word(TRUNKS, COUNT(TRUNKS), (unsigned)s); }
const char *queue_end_name(enum queue_end e) { return word(QUEUE_ENDS, COUNT(QUEUE_ENDS), (unsigned)e); }
