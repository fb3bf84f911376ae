/* screen.h — listens to one answered (or early) call and says what it heard.
 *
 * Feed 8 kHz 16-bit linear audio in blocks of any size, and losses as losses; take
 * events out. Pure and deterministic, no allocation after init, state <= 16 kB,
 * usable from early media on. Times in events are samples since the first sample
 * after screen_init. Undecided is a person; the engine never holds a caller longer than
 * hold_ms after the end of the greeting nor speech_cap_ms after the first speech.
 * End of greeting: the start of the first silence of at least 400 ms after speech,
 * stamped back. Owner: whoever holds the memory; one thread at a time. */
#ifndef DSP_SCREEN_H
#define DSP_SCREEN_H

#include <cadencia/names.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum screen_preset { SCREEN_QUICK = 0, SCREEN_BALANCED, SCREEN_LEAVE_MESSAGE };
struct tone_plan;
struct print_set;
struct fingerprint;
struct screen_params {
  enum screen_preset preset;
  bool decide;                    /* false: only the end of greeting, beeps and tones are reported */
  uint32_t hold_ms;               /* law: 2000 */
  uint32_t speech_cap_ms;         /* 6000 */
  uint32_t dead_air_ms;           /* 8000 */
  const struct print_set *prints; /* announcements of machines and screening robots; NULL: none. Must outlive the engine */
  const struct tone_plan *plan;   /* names tones as one country does; NULL: by family. Must outlive the engine */
};

enum screen_event_kind {
  SCREEN_SPEECH_START = 1,
  SCREEN_GREETING_END, /* sample: where the silence began */
  SCREEN_DECISION,     /* verdict, reason; at most one per init, but a person may later get SCREEN_LATE_MACHINE */
  SCREEN_LATE_MACHINE, /* after a person verdict: reason says why */
  SCREEN_BEEP_END,
  SCREEN_TONE,          /* a network tone: tone, hz; once per tone heard */
  SCREEN_DIGIT,         /* in-band DTMF */
  SCREEN_MESSAGE_BEGIN, /* after screen_leave: the message may begin now, or begin anew; reason: REASON_BEEP or REASON_NO_SOUND */
  SCREEN_MESSAGE_STOP   /* somebody speaks into it: be silent; a new SCREEN_DECISION says who */
};
/* What SCREEN_TONE names. Families, not countries. */
enum screen_tone {
  SCREEN_TONE_NONE = 0,
  SCREEN_TONE_BUSY,    /* equal on and off, 0.6 s or more a period */
  SCREEN_TONE_REORDER, /* the same, faster: congestion in many countries */
  SCREEN_TONE_RINGBACK,
  SCREEN_TONE_DIAL,
  SCREEN_TONE_SIT_VACANT,
  SCREEN_TONE_SIT_INTERCEPT,  /* disconnected or changed */
  SCREEN_TONE_SIT_NO_CIRCUIT, /* reorder and no circuit */
  SCREEN_TONE_SIT,            /* the unclassed 950/1400/1800 of E.180 */
  SCREEN_TONE_FAX_CNG,
  SCREEN_TONE_FAX_CED, /* 2100 Hz, with or without phase reversals */
  SCREEN_TONE_FAX_V21, /* preamble flags */
  SCREEN_TONE_COUNT
};
const char *screen_tone_name(enum screen_tone tone);
struct screen_event {
  enum screen_event_kind kind;
  uint64_t sample; /* what it speaks of */
  enum verdict verdict;
  enum verdict_reason reason;
  uint64_t at;          /* when it was known: samples fed so far; >= sample */
  uint64_t quiet_since; /* start of the silence running at that moment; 0: the far side is speaking or never spoke */
  uint16_t score_bp;    /* how sure: probability of machine in basis points, where a model spoke */
  uint16_t tone_hz;
  uint8_t tone; /* enum screen_tone */
  char digit;
};
enum { SCREEN_EVENTS_MAX = 8 };

struct screen;            /* lives in memory that the caller gives */
size_t screen_size(void); /* bytes, <= 16384 */
/* memory: screen_size() bytes, aligned for any type. answered: false while still early media. */
struct screen *screen_init(void *memory, const struct screen_params *params, bool answered);
/* Only the presets' own numbers, for callers that have no campaign at hand: decide on, 2000, 6000, 8000. */
struct screen_params screen_defaults(enum screen_preset preset);
/* The far side answered now: t = 0 of the patience with silence. */
void screen_answered(struct screen *screen);
/* The far side had answered before the first sample: it is as if screen_init had been told so. */
void screen_answered_before(struct screen *screen);
/* What signalling said of whoever answered (enum sip_hint bits). A forwarded call makes a machine likelier, within bounds: it
 * never decides by itself. An automaton that says so is one as soon as it makes a sound. */
void screen_hint(struct screen *screen, unsigned hints);
/* A message is to be left at the machine that was decided on: says when it may begin, and when it must stop. Nothing
 * happens without that verdict. After a stop the two limits hold anew, from the words that stopped it. */
void screen_leave(struct screen *screen);
/* n samples heard. Returns how many events were written to out (at most SCREEN_EVENTS_MAX; more are
 * kept for the next call). */
int screen_feed(struct screen *screen, const int16_t *samples, int n, struct screen_event *out);
/* n samples that never arrived. */
int screen_loss(struct screen *screen, int n, struct screen_event *out);
/* The fingerprint of the first words since the answer. False: too few of them yet, or they were no recording's: pauses
 * of more than 1.2 s are a dialogue's. */
bool screen_print(const struct screen *screen, struct fingerprint *out);
/* Frees what SpanDSP states inside may hold. */
void screen_release(struct screen *screen);

#endif
