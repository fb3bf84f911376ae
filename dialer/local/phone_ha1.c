#include "dialer/local/phone_ha1.h"
#include <cadencia/err.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>

static digest_ha1_fn *ha1;
static char missing[256]; /* written once, before anybody reads it */

static void load(void) {
  void *module = dlopen(DIGEST_MODULE, RTLD_NOW | RTLD_LOCAL);
  *(void **)&ha1 = module ? dlsym(module, DIGEST_SYMBOL) : NULL;
  if (!ha1) snprintf(missing, sizeof missing, "%.180s; build or install Cadencia again, whole", dlerror());
}

int phone_ha1(const char *user, const char *realm, const char *password, char md5[DIGEST_HEX], char sha256[DIGEST_HEX], const char **why) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, load);
  if (!ha1) {
    *why = missing;
    return CAD_EIO;
  }
  ha1(DIGEST_MD5, user, realm, password, md5);
  ha1(DIGEST_SHA256, user, realm, password, sha256);
  return CAD_OK;
}
