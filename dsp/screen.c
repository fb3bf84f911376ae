#include <dsp/screen.h>
#include "dsp/beep.h"
#include "dsp/clipping.h"
#include "dsp/faxtone.h"
#include "dsp/judge.h"
#include "dsp/leave.h"
#include "dsp/model.h"
#include "dsp/print_taker.h"
#include "dsp/progress.h"
#include "dsp/screen_inside.h"
#include "dsp/traits.h"
#include <assert.h>
#include <math.h>
#include <string.h>
#include <spandsp.h>
#include <spandsp/expose.h>

enum {
  QUEUE = 32,
  SMEAR_HOPS = 2, /* a window reaches back 32 ms: what it shows happened before its end */
  TONE_CANDIDATE_HOPS = 3,
  TONE_SURE_HOPS = 12,
  LOW_SURE_HOPS = 20, /* a vowel may be steady for a while */
  DIGIT_HOPS = 12,
  TORN_HOPS = 8,
  SMEARED_HOPS = 5,
  TONE_MEMORY_HOPS = 12,
  SPOKEN_HOPS = 20, /* this much speech makes a beep possible, */
  VOICED_HOPS = 8,  /* this much of it surely a voice and neither noise nor a tone */
  ONSET_VOICED_HOPS = 2,
  NEW_LINE_HOPS = 15, /* nobody knows the noise of a line before; */
  HISS_HOPS = 30,     /* sound since then without any voice in it */
  HISS_GAP_HOPS = 10,
  LATE_LISTEN_HOPS = 2000,
  RECORDING_PAUSE_HOPS = 120,
  RECORDING_END_HOPS = 300,
  EARLY_SPEECH_HOPS = 100, /* spoken before the answer, */
  EARLY_PAUSE_HOPS = 30,   /* up to the answer, */
  EARLY_GAP_HOPS = 40,     /* and on after it */
  EARLY_ON_HOPS = 120
};

#define VOICING_MIN 0.6f
#define VOICE_PURITY_MAX 0.88f
#define ONSET_VOICING 0.5f
#define PITCH_FROM_MAX_DB (-60.0f) /* weaker sound than this has a pitch only on a line whose noise is weaker still */
#define PITCH_FROM_MIN_DB (-72.0f)
#define PITCH_OVER_FLOOR_DB 6.0f
#define CLIPPED_FROM 0.015f
#define CLIPPED_FULL 0.06f
#define CLIPPED_LOGIT 0.35f

struct screen {
  struct screen_params params;
  struct spectrum spectrum;
  struct lines lines;
  struct progress progress;
  struct faxtone fax;
  struct beep beep;
  struct activity activity;
  struct talk talk;
  struct traits traits;
  struct judge judge;
  struct clipping clipping;
  struct print_taker print;
  struct leave leave;
  dtmf_rx_state_t dtmf;
  int16_t pending[HOP_SAMPLES];
  uint16_t pending_count, pending_lost;
  uint32_t hop; /* number of the next hop */
  uint32_t answered_hop;
  uint32_t decided_hop;
  uint32_t tone_until_hop;
  uint16_t torn_hops;
  uint16_t voiced_hops;
  uint32_t digit_until_hop; /* a key sounds until about here */
  float heard_machine;      /* the model's word without what signalling said; 0 to 1 */
  bool answered, decided, late, was_person;
  uint8_t hints;        /* enum sip_hint bits */
  bool hissing;         /* it has sounded from the first moment on, */
  uint8_t hiss_gap;     /* but for so many hops now */
  uint8_t onset_voiced; /* hops with a voice in the sound that may be the first word */
  bool spoke_before;    /* somebody was speaking when the call was answered */
  bool early_speech;    /* somebody was speaking when the call was answered, and had been for a while */
  uint8_t queued;
  struct screen_event queue[QUEUE];
};

static const char *const TONES[] = {"",    "busy",    "reorder", "ringback", "dialtone", "sit_vacant", "sit_intercept", "sit_no_circuit",
                                    "sit", "fax_cng", "fax_ced", "fax_v21"};
_Static_assert(sizeof TONES / sizeof TONES[0] == SCREEN_TONE_COUNT, "a word for every tone");
_Static_assert(sizeof(struct screen) <= 8192, "half of what the header promises");

const char *screen_tone_name(enum screen_tone tone) { return (unsigned)tone < SCREEN_TONE_COUNT ? TONES[tone] : "?"; }

struct screen_params screen_defaults(enum screen_preset preset) {
  return (struct screen_params){.preset = preset, .decide = true, .hold_ms = 2000, .speech_cap_ms = 6000, .dead_air_ms = 8000};
}

size_t screen_size(void) { return sizeof(struct screen); }

static uint64_t sample_of(uint32_t hop) { return (uint64_t)hop * HOP_SAMPLES; }

static struct screen_event *push(struct screen *s, enum screen_event_kind kind, uint64_t sample) {
  if (s->queued == QUEUE) { /* nobody reads: the oldest key or tone goes, a verdict stays */
    int oldest = 0;
    while (oldest < QUEUE - 1 && s->queue[oldest].kind != SCREEN_DIGIT && s->queue[oldest].kind != SCREEN_TONE) oldest++;
    memmove(s->queue + oldest, s->queue + oldest + 1, (size_t)(QUEUE - 1 - oldest) * sizeof s->queue[0]);
    s->queued--;
  }
  struct screen_event *e = &s->queue[s->queued++];
  *e = (struct screen_event){.kind = kind, .sample = sample, .at = sample_of(s->hop + 1)};
  if (s->talk.started && s->talk.quiet_hops) e->quiet_since = sample_of(s->talk.quiet_start_hop);
  return e;
}

static void on_digits(void *data, const char *digits, int len) {
  struct screen *s = data;
  s->digit_until_hop = s->hop + DIGIT_HOPS;
  for (int i = 0; i < len; i++) push(s, SCREEN_DIGIT, sample_of(s->hop + 1))->digit = digits[i];
}

struct screen *screen_init(void *memory, const struct screen_params *params, bool answered) {
  struct screen *s = memory;
  memset(s, 0, sizeof *s);
  s->params = *params;
  if ((unsigned)s->params.preset > SCREEN_LEAVE_MESSAGE) s->params.preset = SCREEN_BALANCED;
  spectrum_init(&s->spectrum);
  lines_init(&s->lines);
  progress_init(&s->progress, params->plan);
  faxtone_init(&s->fax);
  beep_init(&s->beep);
  activity_init(&s->activity);
  talk_init(&s->talk);
  traits_init(&s->traits);
  judge_init(&s->judge);
  clipping_init(&s->clipping);
  print_begin(&s->print);
  leave_init(&s->leave);
  dtmf_rx_init(&s->dtmf, on_digits, s);
  s->answered = answered;
  return s;
}

void screen_answered(struct screen *s) {
  if (s->answered) return;
  s->answered = true;
  const uint32_t quiet = s->talk.quiet_hops;
  s->early_speech = s->talk.started && s->talk.speech_hops >= EARLY_SPEECH_HOPS && quiet <= EARLY_PAUSE_HOPS;
  s->answered_hop = s->hop;
  s->spoke_before = s->talk.started || s->talk.candidate_hops;
  talk_init(&s->talk);
  traits_init(&s->traits);
  judge_init(&s->judge);
  print_begin(&s->print);
}

void screen_answered_before(struct screen *s) { s->answered = true; }

void screen_hint(struct screen *s, unsigned hints) { s->hints = (uint8_t)(hints & HINT_ALL); }

static float hint_logit(const struct screen *s) {
  return s->hints & HINT_UNREACHED ? JUDGE_UNREACHED : s->hints & HINT_FORWARDED ? JUDGE_FORWARDED : 0.0f;
}

/* What an overdriven line takes from the model's word; with whoever sounds like a person already it changes nothing. */
static float clipped_logit(const struct screen *s) {
  const float part = (clipping_share(&s->clipping) - CLIPPED_FROM) / (CLIPPED_FULL - CLIPPED_FROM);
  return CLIPPED_LOGIT * fminf(fmaxf(part, 0.0f), 1.0f);
}

static void decide(struct screen *s, enum verdict verdict, enum verdict_reason reason, uint16_t score_bp) {
  if (!s->params.decide || !s->answered) return;
  if (s->decided) {
    if (s->late || !s->was_person || (verdict != VERDICT_MACHINE && verdict != VERDICT_SCREENING) ||
        s->hop - s->decided_hop > LATE_LISTEN_HOPS)
      return;
    s->late = true;
  } else {
    s->was_person = verdict == VERDICT_PERSON;
    s->decided_hop = s->hop;
  }
  struct screen_event *e = push(s, s->decided ? SCREEN_LATE_MACHINE : SCREEN_DECISION, sample_of(s->hop + 1));
  s->decided = true;
  s->leave.on &= verdict == VERDICT_MACHINE;
  e->verdict = verdict;
  e->reason = reason;
  e->score_bp = score_bp;
}

static void on_tone(struct screen *s, enum screen_tone tone, uint32_t tone_hop, uint16_t hz) {
  struct screen_event *e = push(s, SCREEN_TONE, sample_of(tone_hop));
  e->tone = (uint8_t)tone;
  e->tone_hz = hz;
  enum verdict v = VERDICT_NONE;
  enum verdict_reason r = REASON_NONE;
  if (tone == SCREEN_TONE_BUSY || tone == SCREEN_TONE_REORDER) {
    v = VERDICT_BUSY_TONE;
    r = REASON_BUSY_TONE;
  } else if (tone >= SCREEN_TONE_SIT_VACANT && tone <= SCREEN_TONE_SIT) {
    v = VERDICT_SIT;
    r = tone == SCREEN_TONE_SIT_VACANT       ? REASON_SIT_VACANT
        : tone == SCREEN_TONE_SIT_INTERCEPT  ? REASON_SIT_INTERCEPT
        : tone == SCREEN_TONE_SIT_NO_CIRCUIT ? REASON_SIT_NO_CIRCUIT
                                             : REASON_SIT_TONE;
  } else if (tone >= SCREEN_TONE_FAX_CNG) {
    v = VERDICT_FAX;
    r = REASON_FAX_TONE;
  }
  e->verdict = v;
  e->reason = r;
  if (v != VERDICT_NONE && !s->decided) decide(s, v, r, 0);
}

/* A lost packet tears a tone in two: what goes on after the gap is still the tone, not speech. */
static bool tone_sounds(struct screen *s, const struct view *v, bool candidate, bool steady) {
  const uint32_t now = s->hop;
  if (steady) s->torn_hops = 0;
  if (!steady && now >= s->tone_until_hop) return false;
  const bool torn = v->dead && s->torn_hops < TORN_HOPS;
  if (torn) s->torn_hops++;
  if (steady || torn) s->tone_until_hop = now + TONE_MEMORY_HOPS;
  const bool smeared = s->torn_hops && s->tone_until_hop - now > TONE_MEMORY_HOPS - SMEARED_HOPS;
  return steady || torn || candidate || smeared;
}

static void listen_to_tones(struct screen *s, const struct view *v, bool *candidate, bool *sure) {
  const uint32_t now = s->hop;
  const enum lines_change change = lines_step(&s->lines, v, now);
  const enum screen_tone tone = progress_step(&s->progress, v, &s->lines, change, now);
  if (tone != SCREEN_TONE_NONE) on_tone(s, tone, s->progress.tone_hop, s->progress.hz);
  const bool spoken = s->leave.begun || (s->talk.started && s->talk.speech_hops >= SPOKEN_HOPS && s->voiced_hops >= VOICED_HOPS);
  const enum screen_tone fax = faxtone_step(&s->fax, v, &s->lines, change, s->talk.started, now);
  if (fax != SCREEN_TONE_NONE) on_tone(s, fax, s->fax.tone_hop, s->fax.hz);
  if (beep_step(&s->beep, v, &s->lines, spoken, s->activity.floor_db, now)) {
    push(s, SCREEN_BEEP_END, sample_of(s->beep.end_hop - SMEAR_HOPS))->tone_hz = s->beep.hz;
    leave_beep(&s->leave, s->beep.end_hop);
    decide(s, VERDICT_MACHINE, REASON_BEEP, 10000);
  }
  const uint32_t run = s->lines.sounding ? s->lines.run.end_hop - s->lines.run.start_hop : 0;
  const uint32_t low = progress_steady_hops(&s->progress);
  const uint32_t fax_hops = s->fax.v21_hops > s->fax.ced_hops ? s->fax.v21_hops : s->fax.ced_hops;
  *candidate = run >= TONE_CANDIDATE_HOPS || low >= TONE_CANDIDATE_HOPS || fax_hops >= TONE_CANDIDATE_HOPS;
  *sure = now < s->digit_until_hop ||
          tone_sounds(s, v, *candidate,
                      (run >= TONE_SURE_HOPS && lines_still(&s->lines)) || low >= LOW_SURE_HOPS || fax_hops >= TONE_SURE_HOPS);
}

/* A greeting that began in early media and went on across the answer is a recording: people pick up first, and music
 * or words in place of ringing end with the answer. */
static void judge_early(struct screen *s) {
  if (!s->early_speech || s->decided) return;
  const uint32_t since = s->hop + 1 - s->answered_hop;
  if (since >= EARLY_GAP_HOPS && !s->talk.started) s->early_speech = false;
  if (!s->talk.started) return;
  const uint32_t span = talk_span_hops(&s->talk, s->hop);
  if (s->talk.onset_hop - s->answered_hop > EARLY_GAP_HOPS || s->talk.longest_pause_hops > EARLY_GAP_HOPS ||
      s->talk.quiet_hops > EARLY_GAP_HOPS)
    s->early_speech = false;
  else if (span >= EARLY_ON_HOPS)
    decide(s, VERDICT_MACHINE, REASON_EARLY_GREETING, 10000);
}

/* Person or machine: asks the model every few hops, the policy every hop. */
static void ask(struct screen *s) {
  if (s->decided && (s->late || !s->was_person)) return;
  struct opinion opinion = {false, 0.0f, 0.0f};
  if (s->talk.started && (s->hop + 1) % TRAITS_TICK_HOPS == 0) {
    float x[TRAIT_COUNT];
    traits_fill(&s->traits, &s->talk, s->hop, x);
    opinion.asked = true;
    const float told = model_logit(x), heard = told - clipped_logit(s), logit = heard + hint_logit(s);
    s->heard_machine = model_probability(heard);
    opinion.machine = model_probability(logit);
    const uint32_t delay_hops = s->talk.onset_hop - s->answered_hop;
    opinion.silence = model_probability(told + hint_logit(s) + (s->spoke_before ? 0.0f : model_delay_logit((float)(delay_hops * HOP_MS))));
  }
  if (s->hints & HINT_AUTOMATON && s->talk.started && !s->decided) {
    decide(s, VERDICT_MACHINE, REASON_AUTOMATON, 10000);
    return;
  }
  const struct ruling r = judge_step(&s->judge, &s->params, &s->talk, s->answered_hop, &opinion, s->hop);
  if (!s->decided) {
    const bool swayed =
        r.verdict == VERDICT_MACHINE && hint_logit(s) > 0.0f && s->heard_machine <= judge_preset(s->params.preset)->machine_at_hold;
    if (r.verdict != VERDICT_NONE) decide(s, r.verdict, swayed ? REASON_FORWARDED : r.reason, r.score_bp);
  } else if (judge_late(&s->judge, &s->talk, s->hop)) {
    decide(s, VERDICT_MACHINE, REASON_LONG_GREETING, r.score_bp);
  }
}

/* What is said from now on is judged by itself. */
static void listen_anew(struct screen *s) {
  s->answered_hop = s->hop;
  s->spoke_before = true; /* how soon he speaks says nothing here */
  talk_init(&s->talk);
  traits_init(&s->traits);
  judge_init(&s->judge);
}

void screen_leave(struct screen *s) {
  if (s->decided && !s->was_person) s->leave.on = true;
}

/* While the message plays every burst of sound is the beginning of somebody, until it turns out to have been nothing. */
static void leave_message(struct screen *s, bool sounding, bool tonal) {
  struct leave *l = &s->leave;
  const bool judging = l->on && !s->decided;
  if (judging) return;
  const bool was_calm = l->begun && l->voice == 0;
  const enum leave_change change = leave_step(l, &s->talk, s->activity.strong && s->activity.active && !tonal, sounding, s->hop);
  if (change == LEAVE_BEGIN) {
    push(s, SCREEN_MESSAGE_BEGIN, sample_of(s->hop + 1))->reason = l->after_beep ? REASON_BEEP : REASON_NO_SOUND;
    listen_anew(s);
  } else if (change == LEAVE_STOP) {
    s->decided = s->late = s->was_person = false;
    push(s, SCREEN_MESSAGE_STOP, sample_of(s->talk.started ? s->talk.onset_hop : s->hop + 1));
  } else if (was_calm && l->voice == 0 && s->talk.started) {
    listen_anew(s);
  }
}

/* A word has a voice in it, as a rule; the noise of a loud line has none, and its floor is not known when the call begins. What
 * sounds from the first moment on is taken for such noise until it stops. */
static bool lacks_voice(struct screen *s, const struct view *v, bool active, bool tonal) {
  struct talk *t = &s->talk;
  if (t->started) return false;
  if (active && s->hop - s->answered_hop < NEW_LINE_HOPS) s->hissing = true;
  s->hiss_gap = (uint8_t)(active || tonal ? 0 : s->hiss_gap + (s->hiss_gap < UINT8_MAX));
  if (s->hiss_gap >= HISS_GAP_HOPS) s->hissing = false;
  if (!s->hissing) return false;
  if (!t->candidate_hops) s->onset_voiced = 0;
  if (active && s->onset_voiced < ONSET_VOICED_HOPS && v->voicing > ONSET_VOICING && v->purity < VOICE_PURITY_MAX) s->onset_voiced++;
  if (!s->onset_voiced && t->candidate_hops > HISS_HOPS) t->candidate_hops = 0;
  return s->onset_voiced < ONSET_VOICED_HOPS;
}

/* The first words are all here: has anybody heard them before? */
static void compare_print(struct screen *s) {
  const int known = s->params.prints ? print_known(&s->print, s->params.prints) : -1;
  if (known < 0) return;
  if (s->params.prints->screening[known])
    decide(s, VERDICT_SCREENING, REASON_SCREENING_PHRASE, 10000);
  else
    decide(s, VERDICT_MACHINE, REASON_FINGERPRINT, 10000);
}

static void hop(struct screen *s, bool lost) {
  const struct view *v = spectrum_step(&s->spectrum, s->pending, lost);
  if (lost)
    dtmf_rx_fillin(&s->dtmf, HOP_SAMPLES);
  else
    dtmf_rx(&s->dtmf, s->pending, HOP_SAMPLES);
  bool candidate, sure;
  listen_to_tones(s, v, &candidate, &sure);
  const bool active = activity_step(&s->activity, v, sure);
  s->spectrum.pitch_from_db = fminf(PITCH_FROM_MAX_DB, fmaxf(PITCH_FROM_MIN_DB, s->activity.floor_db + PITCH_OVER_FLOOR_DB));
  const enum talk_change change =
      talk_step(&s->talk, active, s->activity.strong, lacks_voice(s, v, active, sure || candidate) || candidate, sure, s->hop);
  const bool voice = active && !sure && v->voicing > VOICING_MIN && v->purity < VOICE_PURITY_MAX;
  if (voice && s->voiced_hops < UINT16_MAX) s->voiced_hops++;
  if (change == TALK_STARTED) push(s, SCREEN_SPEECH_START, sample_of(s->talk.onset_hop > SMEAR_HOPS ? s->talk.onset_hop - SMEAR_HOPS : 0));
  if (change == TALK_GREETING_ENDED) push(s, SCREEN_GREETING_END, sample_of(s->talk.greeting_end_hop));
  if (!lost) clipping_step(&s->clipping, s->pending, HOP_SAMPLES, active && !sure);
  if (s->talk.started) traits_step(&s->traits, v, &s->talk, active && !s->talk.quiet_hops, !(s->spectrum.hops % 2), s->hop);
  if (s->talk.started && print_step(&s->print, v)) compare_print(s);
  if (s->answered) judge_early(s);
  if (s->answered && s->params.decide) ask(s);
  leave_message(s, candidate, sure);
  s->hop++;
}

/* A recording does not wait for answers: who fell silent in between may be a person, whatever beeped then. */
bool screen_print(const struct screen *s, struct fingerprint *out) {
  if (s->talk.longest_pause_hops > RECORDING_PAUSE_HOPS || s->talk.quiet_hops > RECORDING_END_HOPS) return false;
  return print_take(&s->print, out);
}

bool screen_traits(const struct screen *s, float out[TRAIT_COUNT]) {
  if (!s->talk.started || !s->hop) return false;
  traits_fill(&s->traits, &s->talk, s->hop - 1, out);
  return true;
}

static int drain(struct screen *s, struct screen_event *out) {
  const int n = s->queued < SCREEN_EVENTS_MAX ? s->queued : SCREEN_EVENTS_MAX;
  memcpy(out, s->queue, (size_t)n * sizeof *out);
  s->queued = (uint8_t)(s->queued - n);
  memmove(s->queue, s->queue + n, s->queued * sizeof s->queue[0]);
  return n;
}

static void take(struct screen *s, const int16_t *samples, int n) {
  while (n > 0) {
    int part = HOP_SAMPLES - s->pending_count;
    if (part > n) part = n;
    if (samples) {
      memcpy(s->pending + s->pending_count, samples, (size_t)part * sizeof *samples);
      samples += part;
    } else {
      memset(s->pending + s->pending_count, 0, (size_t)part * sizeof *samples);
      s->pending_lost = (uint16_t)(s->pending_lost + part);
    }
    s->pending_count = (uint16_t)(s->pending_count + part);
    n -= part;
    if (s->pending_count == HOP_SAMPLES) {
      hop(s, s->pending_lost > HOP_SAMPLES / 2);
      s->pending_count = s->pending_lost = 0;
    }
  }
}

int screen_feed(struct screen *s, const int16_t *samples, int n, struct screen_event *out) {
  assert(samples || n <= 0);
  take(s, samples, n);
  return drain(s, out);
}

int screen_loss(struct screen *s, int n, struct screen_event *out) {
  take(s, NULL, n);
  return drain(s, out);
}

void screen_release(struct screen *s) { (void)s; /* nothing inside was allocated */ }
