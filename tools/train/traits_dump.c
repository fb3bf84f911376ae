/* traits_dump LIST OUT: runs the engine over the files of LIST (one path a line) and writes what
 * the model would be told every 40 ms since the onset of speech, as 32-bit floats: number of the file, time in ms
 * since its first sample, then the traits. The engine is the product's own. */
#include "dsp/judge.h"
#include "dsp/screen_inside.h"
#include <dsp/wav.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HOLD_MS = 2000, CAP_MS = 6000 };

static const char *const NAMES[TRAIT_COUNT] = {"since_onset",
                                               "span",
                                               "quiet",
                                               "run",
                                               "speech",
                                               "speech_ratio",
                                               "runs",
                                               "pauses",
                                               "longest_run",
                                               "longest_pause",
                                               "last_pause",
                                               "first_run",
                                               "mean_pause",
                                               "first_phrase",
                                               "since_greeting",
                                               "level_deviation",
                                               "level_last",
                                               "level_peak",
                                               "level_first",
                                               "voiced_ratio",
                                               "voicing",
                                               "pitch",
                                               "pitch_deviation",
                                               "pitch_last",
                                               "pitch_range",
                                               "flatness",
                                               "flatness_deviation",
                                               "centroid",
                                               "centroid_deviation",
                                               "purity",
                                               "flux",
                                               "syllables",
                                               "syllable_rate",
                                               "band_0",
                                               "band_1",
                                               "band_2",
                                               "band_3",
                                               "band_4",
                                               "band_5",
                                               "band_6",
                                               "band_7",
                                               "band_deviation_0",
                                               "band_deviation_1",
                                               "band_deviation_2",
                                               "band_deviation_3",
                                               "band_deviation_4",
                                               "band_deviation_5",
                                               "band_deviation_6",
                                               "band_deviation_7",
                                               "calm",
                                               "calm_longest",
                                               "level_slope"};

static void dump(FILE *out, int number, const int16_t *samples, size_t count) {
  struct screen_params params = screen_defaults(SCREEN_BALANCED);
  params.decide = false;
  struct screen *screen = screen_init(malloc(screen_size()), &params, true);
  struct screen_event events[SCREEN_EVENTS_MAX];
  for (size_t at = 0; at + HOP_SAMPLES <= count; at += HOP_SAMPLES) {
    for (int n = HOP_SAMPLES; screen_feed(screen, samples + at, n, events) > 0; n = 0)
      ;
    const unsigned hops = (unsigned)(at / HOP_SAMPLES) + 1;
    float row[2 + TRAIT_COUNT];
    if (hops % TRAITS_TICK_HOPS || !screen_traits(screen, row + 2)) continue;
    if (row[2 + TRAIT_SINCE_ONSET] > CAP_MS || row[2 + TRAIT_SINCE_GREETING] > HOLD_MS) break;
    row[0] = (float)number;
    row[1] = (float)(hops * HOP_MS);
    fwrite(row, sizeof row, 1, out);
  }
  screen_release(screen);
  free(screen);
}

/* One line a preset: name, limits of the model while it talks, at the end of the wait and of the time, then pairs of silence and limit. */
static void print_policy(void) {
  static const char *const presets[] = {"quick", "balanced", "leave-message"};
  for (int i = 0; i < 3; i++) {
    const struct judge_preset *p = judge_preset((enum screen_preset)i);
    printf("%s %g %g %g", presets[i], (double)p->machine_above, (double)p->machine_at_hold, (double)p->machine_at_cap);
    for (int k = 0; k < JUDGE_STEPS; k++) printf(" %u %g", JUDGE_QUIET_MS[k], (double)p->person_below[k]);
    putchar('\n');
  }
}

int main(int argc, char **argv) {
  if (argc == 2 && strcmp(argv[1], "--names") == 0) {
    for (int i = 0; i < TRAIT_COUNT; i++) puts(NAMES[i]);
    return 0;
  }
  if (argc == 2 && strcmp(argv[1], "--policy") == 0) {
    print_policy();
    return 0;
  }
  if (argc != 3) {
    fputs("usage: traits_dump LIST OUT | --names | --policy\n", stderr);
    return 2;
  }
  FILE *list = fopen(argv[1], "r"), *out = fopen(argv[2], "wb");
  if (!list || !out) {
    fputs("traits_dump: cannot open\n", stderr);
    return 1;
  }
  char path[4096];
  for (int number = 0; fgets(path, sizeof path, list); number++) {
    path[strcspn(path, "\n")] = '\0';
    int16_t *samples = NULL;
    size_t count = 0;
    if (wav_read(path, 8000 * 120, &samples, &count) < 0) {
      fprintf(stderr, "traits_dump: cannot read %s\n", path);
      continue;
    }
    dump(out, number, samples, count);
    free(samples);
  }
  fclose(list);
  return fclose(out) ? 1 : 0;
}
