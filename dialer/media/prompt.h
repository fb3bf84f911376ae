/* prompt.h — what is played to people: recordings, silence, the agent's tone.
 *
 * A prompt is kept encoded in both laws and padded to whole 20 ms frames. One thread
 * loads, media threads read: an index is published after its prompt is complete and a
 * prompt never changes. Source: prompt.c */
#ifndef CADENCIA_MEDIA_PROMPT_H
#define CADENCIA_MEDIA_PROMPT_H

#include "dialer/media/rtp.h"
#include <stdatomic.h>
#include <stddef.h>

enum { PROMPTS_MAX = 255, PROMPT_NAME_MAX = 128, PROMPT_SAMPLES_MAX = 8000 * 300, PROMPT_TONE_SAMPLES = 1200 };

struct prompt {
  char name[PROMPT_NAME_MAX];
  uint32_t samples; /* multiple of RTP_FRAME_SAMPLES */
  uint8_t *law[2];  /* mu, A */
};

struct prompt_store {
  struct prompt prompts[PROMPTS_MAX + 1]; /* 0 is unused */
  atomic_uint count;                      /* indices 1..count may be read */
  int16_t tone[PROMPT_TONE_SAMPLES];      /* linear: mixed into what the agent hears */
};

void prompt_store_open(struct prompt_store *store);
void prompt_store_close(struct prompt_store *store);
/* Index of dir/name, loaded now or before. CAD_ENOENT, CAD_EFORMAT, CAD_EFULL, CAD_EINVAL, CAD_ENOMEM. */
int prompt_load(struct prompt_store *store, const char *dir, const char *name);
/* NULL for an index that was never given. */
const struct prompt *prompt_find(struct prompt_store *store, unsigned index);

static inline int prompt_law(uint8_t codec) { return codec == 8; }

#endif
