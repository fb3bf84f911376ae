/* The commands' main: through the daemon if one runs, else on the database itself. */
#include "dialer/base/clock.h"
#include "dialer/commands.h"
#include "dialer/local/command.h"
#include "dialer/local/direct.h"
#include "dialer/local/local.h"
#include "dialer/local/secret.h"
#include "dialer/base/wire.h"
#include <cadencia/err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BUSY_TRIES = 30, BUSY_WAIT_US = 100000 };

struct client {
  struct args args;
  int argc;
  const char *const *argv;
  struct config config;
  int file, rejects;
  char rejects_name[512];
  bool progress_shown;
  struct mono began;           /* of the progress */
  char secret[SECRET_MAX + 1]; /* "": none was asked for */
};

/* ---- progress for people, on standard error ---- */

static int show_progress(void *self, const struct import_progress *p) {
  struct client *c = self;
  if (!isatty(STDERR_FILENO) || c->args.options[OPT_JSON]) return 0;
  c->progress_shown = true;
  fprintf(stderr, "\r%llu rows, %llu accepted, %llu rejected", (unsigned long long)p->rows, (unsigned long long)p->accepted,
          (unsigned long long)p->rejected);
  if (c->began.ms == 0) c->began = clock_mono();
  double s = (double)mono_since(clock_mono(), c->began) / 1000;
  if (s > 0.2) fprintf(stderr, ", %.0f rows/s", (double)p->rows / s);
  if (p->bytes_total) fprintf(stderr, ", %llu %%", (unsigned long long)(p->bytes * 100 / p->bytes_total));
  if (s > 1 && p->bytes_total && p->bytes) {
    unsigned long long left = (unsigned long long)(s * (double)(p->bytes_total - p->bytes) / (double)p->bytes + 0.5);
    fprintf(stderr, ", %llu:%02llu left", left / 60, left % 60);
  }
  fputs("   ", stderr);
  return 0;
}

static void end_progress(struct client *c) {
  if (c->progress_shown) fputs("\r\033[K", stderr);
  c->progress_shown = false;
}

/* ---- through the daemon ---- */

static int connect_daemon(const char *state_dir) {
  struct sockaddr_un address;
  int dir = wire_address(state_dir, &address);
  if (dir < 0) return -1;
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
    close(fd);
    fd = -1;
  }
  close(dir);
  return fd;
}

static uint64_t member(const json_t *j, const char *key) { return (uint64_t)json_integer_value(json_object_get(j, key)); }

/* Answers until the exit status; -1 when the daemon went away. */
static int read_answers(struct client *c, struct wire *w) {
  for (;;) {
    json_t *j = NULL;
    if (wire_read(w, &j) <= 0) return -1;
    const json_t *p = json_object_get(j, "progress"), *end = json_object_get(j, "exit");
    const char *out = json_string_value(json_object_get(j, "out")), *err = json_string_value(json_object_get(j, "err"));
    if (p) {
      struct import_progress progress = {member(p, "rows"), member(p, "accepted"), member(p, "rejected"), member(p, "bytes"),
                                         member(p, "bytes_total")};
      show_progress(c, &progress);
    } else {
      end_progress(c);
    }
    if (out) fputs(out, stdout);
    if (err) fputs(err, stderr);
    int status = json_is_integer(end) ? (int)json_integer_value(end) : -1;
    json_decref(j);
    if (status >= 0) return status;
  }
}

static int run_remote(struct client *c, int fd) {
  json_t *argv = json_array();
  int fds[WIRE_FDS_MAX], n = 0, status = -1;
  for (int i = 0; i < c->argc; i++) {
    json_t *word = json_string(c->argv[i]);
    if (!word) {
      json_decref(argv);
      fputs("cadencia: the words must be UTF-8\n", stderr);
      return EXIT_USAGE;
    }
    json_array_append_new(argv, word);
  }
  if (c->file >= 0) fds[n++] = c->file;
  if (c->rejects >= 0) fds[n++] = c->rejects;
  struct wire *w = malloc(sizeof *w);
  if (w) {
    json_t *request = json_pack("{s:o}", "argv", argv);
    if (request && c->secret[0]) json_object_set_new(request, "secret", json_string(c->secret));
    (void)wire_write(fd, request, fds, n); /* a daemon that has no room answers before it reads */
    wire_init(w, fd);
    status = read_answers(c, w);
  }
  free(w);
  end_progress(c);
  if (status >= 0) return status;
  fputs("cadencia: the daemon went away before it answered; what was begun is undone or done whole\n", stderr);
  return EXIT_REFUSED;
}

json_t *client_answer(const char *state_dir, int argc, const char *const *argv) {
  json_t *words = json_array(), *line = NULL, *answer = NULL;
  bool over = false;
  char *text = NULL;
  size_t n = 0;
  FILE *said = open_memstream(&text, &n);
  struct wire *w = malloc(sizeof *w);
  int fd = connect_daemon(state_dir);
  for (int i = 0; i < argc; i++) json_array_append_new(words, json_string(argv[i]));
  if (fd >= 0 && w && said) {
    (void)wire_write(fd, json_pack("{s:O}", "argv", words), NULL, 0);
    wire_init(w, fd);
    while (!over && wire_read(w, &line) > 0) {
      const char *out = json_string_value(json_object_get(line, "out"));
      if (out) fputs(out, said);
      const json_t *end = json_object_get(line, "exit");
      over = end != NULL;
      if (end && json_integer_value(end) == EXIT_GOOD) answer = json_true();
      json_decref(line);
    }
  }
  if (said) fclose(said);
  if (answer) answer = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
  if (fd >= 0) close(fd);
  json_decref(words);
  free(w);
  free(text);
  return answer;
}

/* ---- without one ---- */

static int run_call(struct client *c, const struct command_backend *backend) {
  struct command_call call = {.args = &c->args,
                              .backend = backend,
                              .out = stdout,
                              .err = stderr,
                              .secret = c->secret[0] ? c->secret : NULL,
                              .file = c->file,
                              .rejects = c->rejects,
                              .progress = show_progress,
                              .progress_self = c};
  int status = command_run(&call);
  end_progress(c);
  return status;
}

static int run_anyhow(struct client *c) {
  for (int i = 0; i < BUSY_TRIES; i++) {
    int fd = connect_daemon(c->config.state_dir);
    if (fd >= 0) {
      int status = run_remote(c, fd);
      close(fd);
      return status;
    }
    struct direct d;
    struct command_backend backend;
    int r = direct_open(&c->config, &d, &backend, stderr);
    if (r == CAD_OK) {
      int status = run_call(c, &backend);
      direct_close(&d);
      return status;
    }
    if (r != CAD_EBUSY) return EXIT_REFUSED;
    usleep(BUSY_WAIT_US); /* a daemon that is starting or ending, or another command */
  }
  fprintf(stderr, "cadencia: another cadencia holds %s/cadencia.lock and does not answer; wait for it to end\n", c->config.state_dir);
  return EXIT_REFUSED;
}

/* ---- files that are named ---- */

/* Emptied only once it is known not to be the list itself. */
static int empty_rejects(struct client *c, const struct stat *list) {
  struct stat st;
  if (fstat(c->rejects, &st) != 0 || (st.st_dev == list->st_dev && st.st_ino == list->st_ino)) {
    fputs("cadencia import: the reject file is the list itself; name another with --rejects FILE\n", stderr);
    close(c->rejects);
    c->rejects = -1;
    return CAD_EINVAL;
  }
  if (S_ISREG(st.st_mode) && ftruncate(c->rejects, 0) != 0) return CAD_EIO;
  return CAD_OK;
}

static int open_named(struct client *c) {
  const struct command *command = c->args.command;
  const char *path =
      command->run == cmd_campaign_create || command->run == cmd_queue_create || command->run == cmd_queue_set ? c->args.options[OPT_FROM]
      : command->run == cmd_import || command->run == cmd_dnc_load || command->run == cmd_rules_diff || command->run == cmd_calendar_load ||
              command->run == cmd_fingerprint_learn || (command->run == cmd_rules_test && c->args.word_count)
          ? c->args.words[0]
          : NULL;
  if (!path) return CAD_OK;
  struct stat st;
  c->file = open(path, O_RDONLY | O_CLOEXEC);
  if (c->file < 0 || fstat(c->file, &st) != 0 || S_ISDIR(st.st_mode)) {
    fprintf(stderr, "cadencia %s: %s: %s\n", command->verb, path, c->file < 0 ? strerror(errno) : "is a folder");
    return CAD_ENOENT;
  }
  if (command->run != cmd_import) return CAD_OK;
  const char *rejects = c->args.options[OPT_REJECTS];
  int n = rejects ? snprintf(c->rejects_name, sizeof c->rejects_name, "%s", rejects)
                  : snprintf(c->rejects_name, sizeof c->rejects_name, "%s.rejected.csv", path);
  c->rejects = n < (int)sizeof c->rejects_name ? open(c->rejects_name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600) : -1;
  if (c->rejects < 0) {
    fprintf(stderr, "cadencia import: the reject file %s cannot be written: %s; name another with --rejects FILE\n", c->rejects_name,
            strerror(errno));
    return CAD_EIO;
  }
  return empty_rejects(c, &st);
}

static bool one_line(int fd) {
  char text[16384];
  ssize_t n = pread(fd, text, sizeof text, 0);
  const char *end = n > 0 ? memchr(text, '\n', (size_t)n) : NULL;
  return n <= 0 || (n < (ssize_t)sizeof text && end == text + n - 1);
}

/* A reject file with no row in it is of no use. */
static void close_named(struct client *c) {
  struct stat st;
  if (c->rejects >= 0 && fstat(c->rejects, &st) == 0 && S_ISREG(st.st_mode) && one_line(c->rejects)) (void)unlink(c->rejects_name);
  if (c->rejects >= 0) close(c->rejects);
  if (c->file >= 0) close(c->file);
}

static const char *config_path(const struct args *a) {
  if (a->options[OPT_CONFIG]) return a->options[OPT_CONFIG];
  return access("/etc/cadencia/cadencia.conf", F_OK) == 0 ? "/etc/cadencia/cadencia.conf" : "etc/cadencia.conf";
}

/* What leaves is noted first, by the daemon or in its stead: what kind, which filters, whose number. */
static int note_export(const struct client *c) {
  static const enum option FILTERS[] = {OPT_CAMPAIGN, OPT_AGENT, OPT_TRUNK, OPT_SINCE, OPT_UNTIL, OPT_MASK, OPT_FORMAT};
  static const char *const WORDS[] = {"campaign", "agent", "trunk", "since", "until", "mask", "format"};
  const struct command *command = c->args.command;
  const bool access_right = strcmp(command->verb, "person") == 0 && strcmp(command->sub, "access") == 0;
  char path[CONFIG_PATH_MAX + 16];
  snprintf(path, sizeof path, "%s/cadencia.db", c->config.state_dir);
  if ((strcmp(command->verb, "export") != 0 && !access_right) || access(path, F_OK) != 0) return EXIT_GOOD;
  json_t *detail = json_object();
  for (size_t i = 0; i < sizeof WORDS / sizeof WORDS[0]; i++)
    if (c->args.options[FILTERS[i]]) json_object_set_new(detail, WORDS[i], json_text(c->args.options[FILTERS[i]]));
  char *text = json_dumps(detail, JSON_COMPACT);
  const char *argv[] = {"session", "exported", access_right ? "dossier" : command->sub, text, "--number", c->args.options[OPT_NUMBER]};
  static struct client note;
  note = (struct client){.argc = c->args.options[OPT_NUMBER] ? 6 : 4, .argv = argv, .file = -1, .rejects = -1, .config = c->config};
  int status = EXIT_REFUSED;
  if (text && args_parse(note.argc, argv, &note.args, stderr) == CAD_OK) status = run_anyhow(&note);
  free(text);
  json_decref(detail);
  if (status != EXIT_GOOD)
    fputs("cadencia: nothing is exported, since it cannot be noted in the audit log; run as the user of the daemon\n", stderr);
  return status;
}

/* No daemon, no lock: the command looks after itself. */
static int run_alone(struct client *c) {
  struct command_backend backend = {.config = &c->config};
  int status = note_export(c);
  return status == EXIT_GOOD ? run_call(c, &backend) : EXIT_REFUSED;
}

int local_main(int argc, char **argv) {
  static struct client c;
  c = (struct client){.argc = argc, .argv = (const char *const *)argv, .file = -1, .rejects = -1};
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  if (!out) return EXIT_REFUSED;
  int r = args_parse(argc, c.argv, &c.args, out);
  fclose(out);
  fputs(text, r == CAD_EMPTY ? stdout : stderr);
  free(text);
  if (r != CAD_OK) return r == CAD_EMPTY ? EXIT_GOOD : EXIT_USAGE;
  signal(SIGPIPE, SIG_IGN);
  const char *path = config_path(&c.args);
  if (c.args.command->run == cmd_check) {
    snprintf(c.config.path, sizeof c.config.path, "%s", path);
    return run_alone(&c);
  }
  if (config_load(path, &c.config, stderr) < 0) return EXIT_REFUSED;
  if (command_alone(c.args.command)) return run_alone(&c);
  bool secret =
      (c.args.command->options & OPTION(OPT_PASSWORD)) != 0 && (c.args.command->run != cmd_agent_add || c.args.options[OPT_PHONE]);
  if (secret && secret_read(c.args.options[OPT_PASSWORD] != NULL, strcmp(c.args.command->verb, "user") == 0, c.secret, stderr) != CAD_OK)
    return EXIT_REFUSED;
  int status = open_named(&c) == CAD_OK ? run_anyhow(&c) : EXIT_REFUSED;
  close_named(&c);
  if (fflush(stdout) != 0) return EXIT_REFUSED;
  return status;
}
