/* cadencia serve — run the dialer from its configuration file. */
#include "dialer/base/config.h"
#include "dialer/base/log.h"
#include "dialer/commands.h"
#include "dialer/daemon.h"
#include <cadencia/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void usage(FILE *to) {
  fputs("Usage: cadencia serve [-c FILE] [--debug]\n\n"
        "Runs the dialer until SIGTERM or Ctrl-C, which drain: no new calls, those in flight finish.\n"
        "SIGHUP reads campaigns and agents again.\n\n"
        "  -c, --config FILE   default /etc/cadencia/cadencia.conf, else etc/cadencia.conf\n"
        "      --debug         log more\n\n"
        "Examples:\n"
        "  cadencia check /etc/cadencia/cadencia.conf && cadencia serve -c /etc/cadencia/cadencia.conf\n"
        "  cadencia serve -c etc/cadencia.conf &\n"
        "  cadencia status\n",
        to);
}

int serve_main(int argc, char **argv) {
  const char *path = access("/etc/cadencia/cadencia.conf", R_OK) == 0 ? "/etc/cadencia/cadencia.conf" : "etc/cadencia.conf";
  enum log_level level = LOG_INFO_;
  for (int i = 1; i < argc; i++) {
    if ((strcmp(argv[i], "-c") == 0 || strcmp(argv[i], "--config") == 0) && i + 1 < argc) {
      path = argv[++i];
    } else if (strcmp(argv[i], "--debug") == 0) {
      level = LOG_DEBUG_;
    } else if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
      usage(stdout);
      return 0;
    } else {
      fprintf(stderr, "cadencia serve: unknown option '%s'\n\n", argv[i]);
      usage(stderr);
      return 2;
    }
  }
  static struct config cfg;
  if (config_load(path, &cfg, stderr) < 0) {
    fprintf(stderr, "cadencia serve: %s was not accepted; mend the lines above and check with: cadencia check %s\n", path, path);
    return 1;
  }
  if (log_start(cfg.log_file, level) < 0) {
    fprintf(stderr, "cadencia serve: cannot write the log file %s\n", cfg.log_file);
    return 1;
  }
  int err = daemon_run(&cfg, NULL);
  log_stop();
  if (err < 0) fprintf(stderr, "cadencia serve: not started (%s); the log line above says why\n", err_name(err));
  return err < 0 ? 1 : 0;
}
