/* libphonenumber is loaded when the first number asks for it: most numbers of most lists never do, and a daemon that never needs it
 * does without its memory (and that of ICU and protobuf). */
#include "phone_lib.h"
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>

static phone_lib_parse_fn *parse;

static void load(void) {
  void *module = dlopen(PHONE_LIB_MODULE, RTLD_NOW | RTLD_LOCAL); /* stays to the end */
  void *found = module ? dlsym(module, PHONE_LIB_SYMBOL) : NULL;
  *(void **)&parse = found;
  if (!found) fprintf(stderr, "cadencia: %s; build or install Cadencia again, whole\n", dlerror());
}

enum phone_lib_said phone_lib_parse(const char *digits, const char *region, uint64_t *e164) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, load);
  return parse ? parse(digits, region, e164) : PHONE_LIB_NO_NUMBER;
}
