/* render.c — speaks a table of prompts into WAV files at build time, with espeak-ng.
 *
 * usage: render TABLE FOLDER
 * A line of the table: file|voice|words a minute|pitch 0-99|text. "[400]" in the text is a silence of so many
 * milliseconds. Written: 8 kHz mono, 16 bit, active level -18 dBm0. Lines that begin with # are comments. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sndfile.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RATE_HZ = 8000, MAX_SAMPLES = RATE_HZ * 60, TAPS = 24 };
extern char **environ;

struct speech {
  float *samples;
  size_t count;
};

static int run(char *const argv[]) {
  pid_t pid;
  int status;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0); /* it grumbles about missing sound cards */
  int rc = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
  posix_spawn_file_actions_destroy(&actions);
  if (rc != 0) return -1;
  while (waitpid(pid, &status, 0) < 0)
    if (errno != EINTR) return -1;
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

/* Windowed-sinc resampling to 8 kHz; the voice has 22.05 kHz. */
static void resample(const float *in, size_t n, double from_hz, struct speech *out) {
  double step = from_hz / RATE_HZ, cut = step > 1 ? 0.94 / step : 1.0, half = TAPS / cut;
  for (double at = 0; at < (double)n && out->count < MAX_SAMPLES; at += step) {
    double sum = 0;
    long first = (long)ceil(at - half), last = (long)floor(at + half);
    for (long i = first < 0 ? 0 : first; i <= last && i < (long)n; i++) {
      double x = ((double)i - at) * cut, w = 0.5 + 0.5 * cos(M_PI * ((double)i - at) / half);
      sum += in[i] * w * cut * (fabs(x) < 1e-9 ? 1.0 : sin(M_PI * x) / (M_PI * x));
    }
    out->samples[out->count++] = (float)sum;
  }
}

/* The voice pads with silence; what counts as a pause is ours to say. */
static void append_trimmed(const float *in, size_t n, double hz, struct speech *out) {
  size_t first = 0, last = n;
  while (first < n && fabsf(in[first]) < 0.003f) first++;
  while (last > first && fabsf(in[last - 1]) < 0.003f) last--;
  resample(in + first, last - first, hz, out);
}

static int say(const char *voice, const char *speed, const char *pitch, const char *text, const char *temporary, struct speech *out) {
  char *argv[] = {"espeak-ng", "-v", (char *)voice, "-s", (char *)speed, "-p", (char *)pitch, "-w", (char *)temporary, (char *)text, NULL};
  if (run(argv) < 0) return -1;
  SF_INFO info = {0};
  SNDFILE *f = sf_open(temporary, SFM_READ, &info);
  if (f == NULL || info.channels != 1 || info.frames <= 0 || info.frames > 60L * info.samplerate) {
    if (f != NULL) sf_close(f);
    return -1;
  }
  float *in = malloc((size_t)info.frames * sizeof *in);
  sf_count_t n = in == NULL ? 0 : sf_readf_float(f, in, info.frames);
  sf_close(f);
  append_trimmed(in, (size_t)n, info.samplerate, out);
  free(in);
  return n > 0 ? 0 : -1;
}

static int speak(const char *voice, const char *speed, const char *pitch, char *text, const char *temporary, struct speech *out) {
  for (char *p = text; *p != 0;) {
    char *mark = strchr(p, '[');
    if (mark != NULL) *mark = 0;
    if (p[strspn(p, " ")] != 0 && say(voice, speed, pitch, p, temporary, out) < 0) return -1;
    if (mark == NULL) break;
    unsigned long pause = strtoul(mark + 1, &p, 10) * RATE_HZ / 1000;
    if (*p != ']') return -1;
    p++;
    for (; pause > 0 && out->count < MAX_SAMPLES; pause--) out->samples[out->count++] = 0;
  }
  return out->count > 0 ? 0 : -1;
}

static int save(const char *path, const struct speech *s) {
  double sum = 0, loud = 0;
  for (size_t i = 0; i < s->count; i++)
    if (fabsf(s->samples[i]) > 0.01f) sum += (double)s->samples[i] * s->samples[i], loud++;
  double gain = loud > 0 ? 15769.0 * pow(10, -18.0 / 20) / sqrt(sum / loud) : 0;
  int16_t *pcm = malloc(s->count * sizeof *pcm);
  if (pcm == NULL) return -1;
  for (size_t i = 0; i < s->count; i++) {
    double v = gain * s->samples[i];
    pcm[i] = (int16_t)(v > 32767 ? 32767 : v < -32768 ? -32768 : v);
  }
  SF_INFO info = {.samplerate = RATE_HZ, .channels = 1, .format = SF_FORMAT_WAV | SF_FORMAT_PCM_16};
  SNDFILE *f = sf_open(path, SFM_WRITE, &info);
  int ok = f != NULL && sf_writef_short(f, pcm, (sf_count_t)s->count) == (sf_count_t)s->count ? 0 : -1;
  if (f != NULL) sf_close(f);
  free(pcm);
  return ok;
}

static int line_done(char *line, const char *folder, struct speech *s) {
  char *field[5], *p = line;
  for (int i = 0; i < 5; i++) {
    field[i] = p;
    if (i == 4) break;
    p = strchr(p, '|');
    if (p == NULL) return -1;
    *p++ = 0;
  }
  char path[4096], temporary[4096];
  int n = snprintf(path, sizeof path, "%s/%s", folder, field[0]);
  int m = snprintf(temporary, sizeof temporary, "%s/%s.voice", folder, field[0]);
  if (n < 0 || m < 0 || (size_t)n >= sizeof path || (size_t)m >= sizeof temporary) return -1;
  s->count = 0;
  int rc = speak(field[1], field[2], field[3], field[4], temporary, s);
  unlink(temporary);
  if (rc == 0) rc = save(path, s);
  if (rc < 0) fprintf(stderr, "render: %s could not be spoken (is espeak-ng installed?)\n", field[0]);
  return rc;
}

int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: render TABLE FOLDER\n");
    return 2;
  }
  FILE *table = fopen(argv[1], "re");
  struct speech s = {malloc(MAX_SAMPLES * sizeof(float)), 0};
  if (table == NULL || s.samples == NULL || (mkdir(argv[2], 0755) < 0 && errno != EEXIST)) {
    fprintf(stderr, "render: %s or %s cannot be opened\n", argv[1], argv[2]);
    return 1;
  }
  char line[2048];
  int rc = 0;
  unsigned number = 0;
  while (rc == 0 && fgets(line, sizeof line, table) != NULL) {
    number++;
    line[strcspn(line, "\n")] = 0;
    if (line[0] == '#' || line[0] == 0) continue;
    rc = line_done(line, argv[2], &s);
  }
  if (rc < 0) fprintf(stderr, "render: %s:%u\n", argv[1], number);
  fclose(table);
  free(s.samples);
  return rc < 0 ? 1 : 0;
}
