/* cadencia listen: the daemon's own detection engine over sound files, one row a file. */
#include "dialer/base/tone_file.h"
#include "dialer/commands.h"
#include "dialer/listen_plot.h"
#include <cadencia/err.h>
#include <dsp/codec.h>
#include <dsp/screen.h>
#include <dsp/wav.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum { BLOCK_SAMPLES = 160, SAMPLES_PER_MS = 8, MAX_SECONDS = 600, DIGITS_MAX = 64, DEPTH_MAX = 8, QUIET_SECONDS = 9, PCMU = 0, PCMA = 8 };

struct listen_options {
  struct screen_params params;
  struct tone_plan plan;
  bool csv, explain;
  const char *plot;
  int law; /* PCMU, PCMA; -1: as in the file */
  int files, failures;
};
struct row {
  const char *decision;
  long decision_ms, beep_ms, late_ms; /* -1: none */
  char digits[DIGITS_MAX];
  size_t digit_count;
  const char *reason;
};

static void usage(FILE *to) {
  fputs("usage: cadencia listen FILE|DIR... [--csv] [--preset quick|balanced|leave-message] [--tones FILE]\n"
        "                       [--law pcmu|pcma] [--explain] [--plot OUT.svg]\n"
        "\n"
        "Plays sound files (WAV, FLAC) to the detection engine of the daemon in blocks of 20 ms, as if the call had\n"
        "been answered at their first sample, and prints one row a file.\n"
        "  --csv      file,decision,decision_time_ms,beep_ms,digits,late_ms,reason\n"
        "  --tones F  the tones of a country, such as etc/tones/ES.conf; without it they are told by family\n"
        "  --law L    as it comes over a trunk: through G.711 (pcmu or pcma), and silence for 9 s when the file is over\n"
        "  --explain  also the timeline of everything that was heard\n"
        "  --plot F   draws the (last) file: level, what was heard, the verdict\n"
        "\n"
        "examples:\n"
        "  cadencia listen recordings/ --csv > decisions.csv\n"
        "  cadencia listen call.wav --explain --plot call.svg\n",
        to);
}

static const char *tone_decision(enum screen_tone tone) {
  switch (tone) {
  case SCREEN_TONE_BUSY: return "busy";
  case SCREEN_TONE_REORDER: return "reorder";
  case SCREEN_TONE_RINGBACK: return "ringback";
  case SCREEN_TONE_DIAL: return "dialtone";
  case SCREEN_TONE_SIT_VACANT:
  case SCREEN_TONE_SIT_INTERCEPT:
  case SCREEN_TONE_SIT_NO_CIRCUIT:
  case SCREEN_TONE_SIT: return "sit";
  case SCREEN_TONE_FAX_CNG:
  case SCREEN_TONE_FAX_CED:
  case SCREEN_TONE_FAX_V21: return "fax";
  case SCREEN_TONE_NONE:
  case SCREEN_TONE_COUNT: break;
  }
  return NULL;
}

static const char *verdict_decision(enum verdict v) {
  switch (v) {
  case VERDICT_PERSON: return "human";
  case VERDICT_MACHINE: return "machine";
  case VERDICT_SCREENING: return "screening";
  case VERDICT_DEAD_AIR: return "silence";
  default: return NULL; /* tones have named themselves */
  }
}

static void settle(struct row *row, const char *decision, uint64_t at, const char *reason) {
  if (row->decision || !decision) return;
  row->decision = decision;
  row->decision_ms = (long)(at / SAMPLES_PER_MS);
  row->reason = reason;
}

static void take_event(struct row *row, const struct screen_event *e) {
  const long at_ms = (long)(e->at / SAMPLES_PER_MS);
  switch (e->kind) {
  case SCREEN_TONE: settle(row, tone_decision(e->tone), e->at, screen_tone_name(e->tone)); break;
  case SCREEN_DECISION: settle(row, verdict_decision(e->verdict), e->at, verdict_reason_name(e->reason)); break;
  case SCREEN_LATE_MACHINE:
    if (row->late_ms < 0) row->late_ms = at_ms;
    break;
  case SCREEN_BEEP_END:
    if (row->beep_ms < 0) row->beep_ms = at_ms;
    break;
  case SCREEN_DIGIT:
    if (row->digit_count + 1 < DIGITS_MAX) row->digits[row->digit_count++] = e->digit;
    break;
  default: break;
  }
}

static void explain_event(const struct screen_event *e) {
  static const char *const kinds[] = {"", "speech starts", "end of greeting", "decision", "late machine", "beep ended", "tone", "digit"};
  printf("  %8.3f s  %s", (double)e->at / 8000.0, kinds[e->kind]);
  if (e->sample != e->at) printf(" (at %.3f s)", (double)e->sample / 8000.0);
  if (e->kind == SCREEN_TONE) printf(": %s, %u Hz", screen_tone_name(e->tone), e->tone_hz);
  if (e->kind == SCREEN_BEEP_END) printf(": %u Hz", e->tone_hz);
  if (e->kind == SCREEN_DIGIT) printf(": %c", e->digit);
  if (e->kind == SCREEN_DECISION || e->kind == SCREEN_LATE_MACHINE)
    printf(": %s, because %s, machine score %u.%02u%%", verdict_name(e->verdict), verdict_reason_name(e->reason), e->score_bp / 100,
           e->score_bp % 100);
  putchar('\n');
}

static void run_engine(const struct listen_options *o, const int16_t *samples, size_t count, struct row *row, struct plot *plot) {
  void *memory = malloc(screen_size());
  if (!memory) return;
  struct screen *screen = screen_init(memory, &o->params, true);
  for (size_t at = 0; at < count; at += BLOCK_SAMPLES) {
    const int n = count - at < BLOCK_SAMPLES ? (int)(count - at) : BLOCK_SAMPLES;
    struct screen_event events[SCREEN_EVENTS_MAX];
    for (int got = screen_feed(screen, samples + at, n, events); got > 0; got = screen_feed(screen, NULL, 0, events))
      for (int i = 0; i < got; i++) {
        take_event(row, &events[i]);
        if (o->explain) explain_event(&events[i]);
        if (plot) plot_event(plot, &events[i]);
      }
  }
  screen_release(screen);
  free(memory);
}

static void print_time(long ms) {
  if (ms >= 0) printf("%ld", ms);
  putchar(',');
}

static void print_row(const struct listen_options *o, const char *name, const struct row *row) {
  if (o->csv) {
    printf(strpbrk(name, ",\"\n") ? "\"%s\"," : "%s,", name);
    printf("%s,", row->decision);
    print_time(row->decision_ms);
    print_time(row->beep_ms);
    printf("%s,", row->digits);
    print_time(row->late_ms);
    printf("%s\n", row->reason);
    return;
  }
  printf("%-40s %-9s", name, row->decision);
  if (row->decision_ms >= 0) printf(" at %ld ms", row->decision_ms);
  if (row->reason[0]) printf(" (%s)", row->reason);
  if (row->beep_ms >= 0) printf(", beep %ld ms", row->beep_ms);
  if (row->digit_count) printf(", digits %s", row->digits);
  if (row->late_ms >= 0) printf(", late machine %ld ms", row->late_ms);
  putchar('\n');
}

/* What a trunk would bring of it: whole packets of one law, and silence when the file is over. */
static int over_trunk(int law, int16_t **samples, size_t *count) {
  const size_t n = (*count / BLOCK_SAMPLES + 1) * BLOCK_SAMPLES + (size_t)QUIET_SECONDS * 8000;
  int16_t *x = realloc(*samples, n * sizeof *x);
  if (!x) return CAD_ENOMEM;
  memset(x + *count, 0, (n - *count) * sizeof *x);
  for (size_t at = 0; at < n; at += BLOCK_SAMPLES) {
    uint8_t coded[BLOCK_SAMPLES];
    codec_encode(law, x + at, BLOCK_SAMPLES, coded);
    codec_decode(law, coded, BLOCK_SAMPLES, x + at);
  }
  *samples = x;
  *count = n;
  return CAD_OK;
}

static void listen_file(struct listen_options *o, const char *path, const char *name) {
  int16_t *samples = NULL;
  size_t count = 0;
  int rc = wav_read(path, (size_t)MAX_SECONDS * 8000, &samples, &count);
  if (rc >= 0 && o->law >= 0) rc = over_trunk(o->law, &samples, &count);
  if (rc < 0) {
    free(samples);
    fprintf(stderr, "cadencia listen: %s: %s\n", path, err_name(rc));
    o->failures++;
    return;
  }
  struct row row = {.decision_ms = -1, .beep_ms = -1, .late_ms = -1, .reason = ""};
  struct plot *plot = o->plot ? plot_create(samples, count) : NULL;
  if (o->explain) printf("%s\n", name);
  run_engine(o, samples, count, &row, plot);
  if (row.digit_count && !row.decision) row.decision = "dtmf";
  if (!row.decision) row.decision = "notsure";
  print_row(o, name, &row);
  if (plot && plot_write(plot, o->plot, name, row.decision, row.decision_ms) < 0) {
    fprintf(stderr, "cadencia listen: cannot write %s\n", o->plot);
    o->failures++;
  }
  plot_destroy(plot);
  free(samples);
  o->files++;
}

static bool sound_name(const char *name) {
  const char *dot = strrchr(name, '.');
  return dot && (strcasecmp(dot, ".wav") == 0 || strcasecmp(dot, ".flac") == 0);
}

static void listen_dir(struct listen_options *o, const char *path, const char *prefix, int depth) {
  struct dirent **entries = NULL;
  const int n = depth > DEPTH_MAX ? 0 : scandir(path, &entries, NULL, alphasort);
  if (n < 0) {
    fprintf(stderr, "cadencia listen: cannot read %s\n", path);
    o->failures++;
    return;
  }
  for (int i = 0; i < n; i++) {
    const char *entry = entries[i]->d_name;
    char full[4096], name[4096];
    const int a = snprintf(full, sizeof full, "%s/%s", path, entry), b = snprintf(name, sizeof name, "%s%s", prefix, entry);
    struct stat st;
    if (entry[0] != '.' && a < (int)sizeof full && b + 1 < (int)sizeof name && stat(full, &st) == 0) {
      if (S_ISDIR(st.st_mode)) {
        name[b] = '/';
        name[b + 1] = '\0';
        listen_dir(o, full, name, depth + 1);
      } else if (sound_name(entry)) {
        listen_file(o, full, name);
      }
    }
    free(entries[i]);
  }
  free(entries);
}

static int preset_parse(const char *word, enum screen_preset *preset) {
  static const char *const names[] = {"quick", "balanced", "leave-message"};
  for (int i = 0; i < 3; i++)
    if (strcmp(word, names[i]) == 0) {
      *preset = (enum screen_preset)i;
      return CAD_OK;
    }
  return CAD_EINVAL;
}

static int options_parse(struct listen_options *o, int argc, char **argv, const char **paths) {
  int count = 0;
  enum screen_preset preset = SCREEN_BALANCED;
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "--csv") == 0) {
      o->csv = true;
    } else if (strcmp(argv[i], "--explain") == 0) {
      o->explain = true;
    } else if (strcmp(argv[i], "--preset") == 0 && i + 1 < argc) {
      if (preset_parse(argv[++i], &preset) < 0) {
        fprintf(stderr, "cadencia listen: no preset is called \"%s\": quick, balanced, leave-message\n", argv[i]);
        return CAD_EINVAL;
      }
    } else if (strcmp(argv[i], "--tones") == 0 && i + 1 < argc) {
      if (tone_file_read(argv[++i], &o->plan, stderr) < 0) return CAD_EFORMAT;
    } else if (strcmp(argv[i], "--law") == 0 && i + 1 < argc) {
      i++;
      o->law = strcmp(argv[i], "pcmu") == 0 ? PCMU : strcmp(argv[i], "pcma") == 0 ? PCMA : -1;
      if (o->law < 0) {
        fprintf(stderr, "cadencia listen: --law takes pcmu or pcma, not \"%s\"\n", argv[i]);
        return CAD_EINVAL;
      }
    } else if (strcmp(argv[i], "--plot") == 0 && i + 1 < argc) {
      o->plot = argv[++i];
    } else if (argv[i][0] == '-') {
      fprintf(stderr, "cadencia listen: unknown option %s\n", argv[i]);
      return CAD_EINVAL;
    } else {
      paths[count++] = argv[i];
    }
  }
  o->params = screen_defaults(preset);
  if (o->plan.count) o->params.plan = &o->plan;
  return count;
}

int listen_main(int argc, char **argv) {
  if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
    usage(stdout);
    return 0;
  }
  const char **paths = calloc((size_t)argc, sizeof *paths);
  if (!paths) return 1;
  struct listen_options o = {.law = -1};
  const int count = options_parse(&o, argc, argv, paths);
  if (count <= 0) {
    if (count == 0) usage(stderr);
    free(paths);
    return 2;
  }
  if (o.csv) puts("file,decision,decision_time_ms,beep_ms,digits,late_ms,reason");
  for (int i = 0; i < count; i++) {
    struct stat st;
    if (stat(paths[i], &st) < 0) {
      fprintf(stderr, "cadencia listen: %s: no such file\n", paths[i]);
      o.failures++;
    } else if (S_ISDIR(st.st_mode)) {
      listen_dir(&o, paths[i], "", 0);
    } else {
      const char *slash = strrchr(paths[i], '/');
      listen_file(&o, paths[i], slash ? slash + 1 : paths[i]);
    }
  }
  free(paths);
  return o.failures ? 1 : 0;
}
