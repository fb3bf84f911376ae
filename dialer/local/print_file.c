#include "dialer/local/print_file.h"
#include <cadencia/err.h>
#include <dsp/codec.h>
#include <dsp/screen.h>
#include <dsp/wav.h>
#include <stdlib.h>

enum { MOST_SAMPLES = 600 * 8000, HEARD_SAMPLES = 20 * 8000, BLOCK = 160, PCMU = 0 };

/* Over G.711, as it will come when somebody calls it. */
static bool hear(struct screen *screen, const int16_t *samples, size_t count, struct fingerprint *out) {
  struct screen_event events[SCREEN_EVENTS_MAX];
  for (size_t at = 0; at + BLOCK <= count && at < HEARD_SAMPLES; at += BLOCK) {
    uint8_t coded[BLOCK];
    int16_t line[BLOCK];
    codec_encode(PCMU, samples + at, BLOCK, coded);
    codec_decode(PCMU, coded, BLOCK, line);
    for (int got = screen_feed(screen, line, BLOCK, events); got > 0;) got = screen_feed(screen, NULL, 0, events);
    if (screen_print(screen, out)) return true;
  }
  return false;
}

int print_file_read(const char *path, struct fingerprint *out) {
  int16_t *samples = NULL;
  size_t count = 0;
  int err = wav_read(path, MOST_SAMPLES, &samples, &count);
  void *memory = err < 0 ? NULL : malloc(screen_size());
  if (err >= 0 && !memory) err = CAD_ENOMEM;
  if (memory) {
    const struct screen_params params = screen_defaults(SCREEN_BALANCED);
    struct screen *screen = screen_init(memory, &params, true);
    err = hear(screen, samples, count, out) ? CAD_OK : CAD_EINVAL;
    screen_release(screen);
  }
  free(memory);
  free(samples);
  return err;
}
