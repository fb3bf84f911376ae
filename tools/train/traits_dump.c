/* traits_dump LIST OUT [VARIATION SEED]: runs the engine over the files of LIST and writes what the models would be told
 * every 40 ms since the onset of speech, as 32-bit floats: number of the file, time in ms since its first sample, then the traits.
 * A line of LIST is the path and, after tabs, where the first word begins and where the beep begins (ms; -1, 1e9: unknown). With
 * a variation (vary.h) the call is cut before its beep. --beeps LIST prints when a beep was reported (ms; 1e9: never);
 * --verdicts LIST VARIATION SEED the verdict of the preset balanced and its time over the whole call. The engine is the product's own. */
#include "dsp/judge.h"
#include "dsp/screen_inside.h"
#include "tools/train/vary.h"
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
                                               "level_slope",
                                               "phrase",
                                               "phrase_before",
                                               "phrases",
                                               "phrase_level",
                                               "phrase_pitch",
                                               "phrase_centroid",
                                               "phrase_syllables",
                                               "fall_30",
                                               "fall_80",
                                               "fall_150",
                                               "level_100",
                                               "level_300",
                                               "tilt",
                                               "pitch_100",
                                               "pitch_turn",
                                               "pitch_span",
                                               "voiced_end",
                                               "unvoiced_ms",
                                               "voice_ms",
                                               "beat_last",
                                               "beat_mean",
                                               "beat_deviation",
                                               "beat_tail",
                                               "room",
                                               "room_deviation",
                                               "room_flatness",
                                               "room_centroid",
                                               "room_flux",
                                               "room_dead"};

struct job {
  FILE *out; /* of traits; NULL: beeps or verdicts are printed */
  bool verdicts;
  enum vary vary;
  uint32_t seed;
};

static void dump_row(const struct job *job, const struct screen *screen, int number, unsigned hops, bool *done) {
  float row[2 + TRAIT_COUNT];
  if (*done || hops % TRAITS_TICK_HOPS || !screen_traits(screen, row + 2)) return;
  *done = row[2 + TRAIT_SINCE_ONSET] > CAP_MS || row[2 + TRAIT_SINCE_GREETING] > HOLD_MS;
  row[0] = (float)number;
  row[1] = (float)(hops * HOP_MS);
  if (!*done) fwrite(row, sizeof row, 1, job->out);
}

static void listen_to(const struct job *job, int number, const int16_t *samples, size_t count) {
  struct screen_params params = screen_defaults(SCREEN_BALANCED);
  params.decide = false;
  struct screen *screen = screen_init(malloc(screen_size()), &params, true);
  struct screen_event events[SCREEN_EVENTS_MAX];
  double beep_ms = 1e9;
  bool done = false;
  for (size_t at = 0; at + HOP_SAMPLES <= count && !(done && job->out); at += HOP_SAMPLES) {
    for (int n = HOP_SAMPLES, got; (got = screen_feed(screen, samples + at, n, events)) > 0; n = 0)
      for (int i = 0; i < got; i++)
        if (events[i].kind == SCREEN_BEEP_END && beep_ms > 1e8) beep_ms = (double)events[i].at / 8.0;
    if (job->out) dump_row(job, screen, number, (unsigned)(at / HOP_SAMPLES) + 1, &done);
  }
  if (!job->out) printf("%.0f\n", beep_ms);
  screen_release(screen);
  free(screen);
}

static void decide_on(int16_t *samples, size_t count) {
  const struct screen_params params = screen_defaults(SCREEN_BALANCED);
  struct screen *screen = screen_init(malloc(screen_size()), &params, true);
  struct screen_event events[SCREEN_EVENTS_MAX];
  const struct screen_event none = {.verdict = VERDICT_NONE};
  struct screen_event decision = none;
  for (size_t at = 0; at + HOP_SAMPLES <= count && decision.verdict == VERDICT_NONE; at += HOP_SAMPLES)
    for (int n = HOP_SAMPLES, got; (got = screen_feed(screen, samples + at, n, events)) > 0; n = 0)
      for (int i = 0; i < got; i++)
        if (events[i].kind == SCREEN_DECISION) decision = events[i];
  printf("%s %.0f\n", decision.verdict == VERDICT_NONE ? "none" : verdict_name(decision.verdict), (double)decision.at / 8.0);
  screen_release(screen);
  free(screen);
}

static void take_line(const struct job *job, int number, const char *line) {
  char path[4096];
  double onset_ms = -1.0, end_ms = 1e9;
  int16_t *samples = NULL;
  size_t count = 0, varied_count = 0;
  if (sscanf(line, "%4095[^\t\n]\t%lf\t%lf", path, &onset_ms, &end_ms) < 1) return;
  if (wav_read(path, 8000 * 120, &samples, &count) < 0) {
    fprintf(stderr, "traits_dump: cannot read %s\n", path);
    exit(1);
  }
  if (!job->verdicts && job->vary != VARY_NONE && end_ms < 1e8 && (size_t)(end_ms * 8.0) < count) count = (size_t)(end_ms * 8.0);
  int16_t *varied = vary_call(job->vary, job->seed + (uint32_t)number, samples, count, onset_ms, &varied_count);
  free(samples);
  if (varied && job->verdicts)
    decide_on(varied, varied_count);
  else if (varied)
    listen_to(job, number, varied, varied_count);
  free(varied);
}

/* One line a preset: name, limits of the model while it talks, at the end of the wait and of the time, then pairs of
 * silence and limit. */
static void print_policy(void) {
  static const char *const presets[] = {"quick", "balanced", "leave-message"};
  for (int i = 0; i < 3; i++) {
    const struct judge_preset *p = judge_preset((enum screen_preset)i);
    printf("%s %g %u %g %g", presets[i], (double)p->machine_above, p->hold_ms, (double)p->machine_at_hold, (double)p->machine_at_cap);
    for (int k = 0; k < JUDGE_STEPS; k++) printf(" %u %g", p->quiet_ms[k], (double)p->person_below[k]);
    putchar('\n');
  }
}

static enum vary vary_of(const char *word) { return strcmp(word, vary_name(VARY_RANDOM)) == 0 ? VARY_RANDOM : (enum vary)atoi(word); }

int main(int argc, char **argv) {
  const char *word = argc > 1 ? argv[1] : "";
  if (argc == 2 && strcmp(word, "--names") == 0) {
    for (int i = 0; i < TRAIT_COUNT; i++) puts(NAMES[i]);
    return 0;
  }
  if (argc == 2 && strcmp(word, "--policy") == 0) {
    print_policy();
    return 0;
  }
  if (argc == 2 && strcmp(word, "--variations") == 0) {
    for (int i = 0; i < VARY_COUNT; i++) puts(vary_name((enum vary)i));
    return 0;
  }
  const bool beeps = argc == 3 && strcmp(word, "--beeps") == 0, verdicts = argc == 5 && strcmp(word, "--verdicts") == 0;
  const bool prints = beeps || verdicts;
  if (argc != 3 && argc != 5) {
    fputs("usage: traits_dump LIST OUT [VARIATION SEED] | --beeps LIST | --verdicts LIST VARIATION SEED | --names | --policy | "
          "--variations\n",
          stderr);
    return 2;
  }
  const struct job job = {.out = prints ? NULL : fopen(argv[2], "wb"),
                          .verdicts = verdicts,
                          .vary = argc == 5 ? vary_of(argv[3]) : VARY_NONE,
                          .seed = argc == 5 ? (uint32_t)strtoul(argv[4], NULL, 10) : 0};
  FILE *list = fopen(prints ? argv[2] : word, "r");
  if (!list || (!prints && !job.out)) {
    fputs("traits_dump: cannot open\n", stderr);
    return 1;
  }
  char line[4200];
  for (int number = 0; fgets(line, sizeof line, list); number++) take_line(&job, number, line);
  fclose(list);
  return job.out && fclose(job.out) ? 1 : 0;
}
