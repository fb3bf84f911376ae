/* console-worker — a child of cadencia as a program of its own: it maps and relocates the libraries that it needs, and no others. */
#include "dialer/base/heap.h"
#include "dialer/console/console.h"
#include <string.h>
#include <sys/prctl.h>

/* argv: {"cadencia", "console-worker", ...}, as cadencia gives it. */
int main(int argc, char **argv) {
  heap_keep();
  prctl(PR_SET_NAME, "console-worker");
  return argc < 2 || strcmp(argv[1], "console-worker") != 0 ? 2 : console_worker_main(argc - 1, argv + 1);
}
