/* A state directory with a configuration of its own, and commands run in it with their output caught. */
#ifndef LOCAL_HARNESS_H
#define LOCAL_HARNESS_H

#include "dialer/commands.h"
#include "tests/support/scratch.h"
#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static char home_dir[64], conf_path[128];
static char *said_out, *said_err;

static inline void write_file(const char *name, const void *bytes, size_t n) {
  FILE *f = fopen(scratch_path(name), "w");
  ck_assert_ptr_nonnull(f);
  ck_assert_uint_eq(fwrite(bytes, 1, n, f), n);
  ck_assert_int_eq(fclose(f), 0);
}
static inline void write_text(const char *name, const char *text) { write_file(name, text, strlen(text)); }

static inline char *read_text(const char *name) {
  FILE *f = fopen(scratch_path(name), "r");
  if (!f) return NULL;
  char *text = calloc(1, 1 << 16);
  ck_assert_uint_lt(fread(text, 1, (1 << 16) - 1, f), (1 << 16) - 1);
  fclose(f);
  return text;
}

static inline void home_make(void) {
  strcpy(home_dir, scratch_dir());
  setenv("CADENCIA_SHARE", SOURCE_DIR "/etc", 1); /* for the numbering plan */
  char text[1024];
  snprintf(text, sizeof text,
           "state_dir = \"%s/state\";\nprompt_dir = \"%s\";\n"
           "listeners = ( { name = \"main\"; bind = \"127.0.0.1:5060\"; } );\n"
           "trunks = ( { name = \"carrier\"; listener = \"main\"; proxy = \"sip:127.0.0.1:5070\"; caller_id = \"+12025550100\"; } );\n",
           home_dir, home_dir);
  write_text("cadencia.conf", text);
  snprintf(conf_path, sizeof conf_path, "%s/cadencia.conf", home_dir);
  write_text("safe_harbour_en.wav", "RIFF");
}

static inline void home_remove(void) {
  scratch_remove();
  free(said_out);
  free(said_err);
  said_out = said_err = NULL;
}

/* Descriptor FD writes into a file without a name until cadencia() gives it back. The streams stay what they are: a library that is loaded
 * meanwhile may keep them. */
static inline int redirect(FILE *stream, int *saved) {
  int file = memfd_create("said", MFD_CLOEXEC);
  fflush(stream);
  *saved = dup(fileno(stream));
  ck_assert(file >= 0 && *saved >= 0 && dup2(file, fileno(stream)) >= 0);
  return file;
}
static inline char *give_back(FILE *stream, int file, int saved) {
  fflush(stream);
  ck_assert_int_ge(dup2(saved, fileno(stream)), 0);
  off_t size = lseek(file, 0, SEEK_END);
  char *text = calloc((size_t)size + 1, 1);
  ck_assert_ptr_nonnull(text);
  ck_assert_int_eq(pread(file, text, (size_t)size, 0), size);
  close(file);
  close(saved);
  return text;
}

/* The words after "cadencia", ending with NULL; "-c" is added. Returns the exit status. */
static inline int cadencia(const char *verb, ...) {
  char *argv[32];
  int argc = 0;
  va_list ap;
  va_start(ap, verb);
  for (const char *w = verb; w && argc < 28; w = va_arg(ap, const char *)) argv[argc++] = strdup(w);
  va_end(ap);
  argv[argc++] = strdup("-c");
  argv[argc++] = strdup(conf_path);
  argv[argc] = NULL;
  free(said_out);
  free(said_err);
  int was_out, was_err, out = redirect(stdout, &was_out), err = redirect(stderr, &was_err);
  int status = local_main(argc, argv);
  said_out = give_back(stdout, out, was_out);
  said_err = give_back(stderr, err, was_err);
  for (int i = 0; i < argc; i++) free(argv[i]);
  return status;
}

#define EXPECT(status, ...)                                                                                                                \
  do {                                                                                                                                     \
    int got_ = cadencia(__VA_ARGS__, NULL);                                                                                                \
    ck_assert_msg(got_ == (status), "status %d\nout: %s\nerr: %s", got_, said_out, said_err);                                              \
  } while (0)
/* A registry of today: what a sales campaign in the United States does not start without. */
static inline void load_registry(void) {
  char date[16];
  time_t now = time(NULL);
  struct tm tm;
  strftime(date, sizeof date, "%Y-%m-%d", gmtime_r(&now, &tm));
  write_text("registry.txt", "202,5550170\n2025550171\n+12025550172\n\"(202) 555-0173\",x\nnonsense\n");
  EXPECT(0, "dnc", "load", scratch_path("registry.txt"), "--registry", "US-DNC", "--date", date, "--country", "US");
}
#define SAYS(text, needle) ck_assert_msg(strstr(text, needle) != NULL, "no \"%s\" in:\n%s", needle, text)

#endif
