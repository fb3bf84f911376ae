/* sip-worker — a child of cadencia as a program of its own: it maps and relocates the libraries that it needs, and no others. */
#include "dialer/base/heap.h"
#include "dialer/sip/sip_worker.h"
#include <string.h>
#include <sys/prctl.h>

/* argv: {"cadencia", "sip-worker", ...}, as cadencia gives it. */
int main(int argc, char **argv) {
  heap_keep();
  prctl(PR_SET_NAME, "sip-worker");
  return argc < 2 || strcmp(argv[1], "sip-worker") != 0 ? 2 : sip_worker_main(argc - 1, argv + 1);
}
