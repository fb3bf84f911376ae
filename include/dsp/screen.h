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
struct screen_params {
  enum screen_preset preset;
  bool decide;            /* false: only the end of greeting, beeps and tones are reported */
  uint32_t hold_ms;       /* law: 2000 */
  uint32_t speech_cap_ms; /* 6000 */
  uint32_t dead_air_ms;   /* 8000 */
};

enum screen_event_kind {
  SCREEN_SPEECH_START = 1,
  SCREEN_GREETING_END,  /* sample: where the silence began */
  SCREEN_DECISION,      /* verdict, reason; at most one per init, but a person may later get SCREEN_LATE_MACHINE */
  SCREEN_LATE_MACHINE,  /* after a person verdict: reason says why */
  SCREEN_BEEP_END,
  SCREEN_TONE,          /* a progress tone: verdict names the family */
  SCREEN_DIGIT          /* in-band DTMF */
};
struct screen_event {
  enum screen_event_kind kind;
  uint64_t sample;      /* what it speaks of */
  enum verdict verdict;
  enum verdict_reason reason;
  uint16_t score_bp;    /* how sure: probability of machine in basis points, where a model spoke */
  char digit;
};
enum { SCREEN_EVENTS_MAX = 8 };

struct screen;              /* lives in memory that the caller gives */
size_t screen_size(void);   /* bytes, <= 16384 */
/* memory: screen_size() bytes, aligned for any type. answered: false while still early media. */
struct screen *screen_init(void *memory, const struct screen_params *params, bool answered);
/* The far side answered now: t = 0 of the patience with silence. */
void screen_answered(struct screen *screen);
/* n samples heard. Returns how many events were written to out (at most SCREEN_EVENTS_MAX; more are
 * kept for the next call). */
int screen_feed(struct screen *screen, const int16_t *samples, int n, struct screen_event *out);
/* n samples that never arrived. */
int screen_loss(struct screen *screen, int n, struct screen_event *out);
/* Frees what SpanDSP states inside may hold. */
void screen_release(struct screen *screen);

#endif
