#include "secret.h"
#include "zip_lib.h"
#include <cadencia/err.h>
#include <campaigns/bundle.h>
#include <campaigns/evidence.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { SUMS_BYTES = 8192 };
struct bundle {
  const struct zip_lib *lib;
  void *zip;
  struct secret secret;
  char path[512], beside[520], db_path[512], name[96], sums[SUMS_BYTES];
  size_t sums_n;
  crypto_hash_sha256_state hash;
  int fd, err;
};

static const struct zip_lib *zip_loaded;
static char zip_why[256]; /* written once, before anybody reads it */

static void load(void) {
  void *module = dlopen(ZIP_MODULE, RTLD_NOW | RTLD_LOCAL); /* stays to the end */
  zip_loaded = module ? dlsym(module, ZIP_SYMBOL) : NULL;
  if (!zip_loaded) snprintf(zip_why, sizeof zip_why, "%.180s; build or install Cadencia again, whole", dlerror());
}

/* NULL: err has the reason. */
static const struct zip_lib *zip_lib(FILE *err) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, load);
  if (!zip_loaded && err) fprintf(err, "%s\n", zip_why);
  return zip_loaded;
}

static int fail(struct bundle *b) {
  if (b->err >= 0) b->err = CAD_EIO;
  return b->err;
}

int bundle_create(const char *path, const char *db_path, struct bundle **out, FILE *err) {
  struct bundle *b = calloc(1, sizeof *b);
  if (!b) return CAD_ENOMEM;
  b->fd = -1;
  char key[512];
  secret_path(db_path, key, sizeof key);
  int r = access(key, R_OK) == 0 ? secret_open(key, &b->secret, err) : CAD_EIO;
  if (r == CAD_EIO && err) fprintf(err, "%s: the box's keys are needed to sign: %s; run as the user of the daemon\n", key, strerror(errno));
  snprintf(b->path, sizeof b->path, "%s", path);
  snprintf(b->beside, sizeof b->beside, "%s.part", b->path);
  snprintf(b->db_path, sizeof b->db_path, "%s", db_path);
  if (r >= 0) {
    b->fd = open(b->beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (b->fd < 0 && err) fprintf(err, "%s cannot be written: %s\n", b->beside, strerror(errno));
    r = b->fd < 0 ? CAD_EIO : CAD_OK;
  }
  if (r >= 0) {
    b->lib = zip_lib(err);
    b->zip = b->lib ? b->lib->create(b->fd) : NULL;
    if (!b->zip) r = CAD_EIO;
  }
  if (r < 0) {
    bundle_drop(b);
    return r;
  }
  *out = b;
  return CAD_OK;
}

static void end_file(struct bundle *b) {
  unsigned char sum[crypto_hash_sha256_BYTES];
  char hex[2 * crypto_hash_sha256_BYTES + 1];
  if (!b->name[0]) return;
  if (b->lib->end_file(b->zip) < 0) fail(b);
  crypto_hash_sha256_final(&b->hash, sum);
  sodium_bin2hex(hex, sizeof hex, sum, sizeof sum);
  int n = snprintf(b->sums + b->sums_n, SUMS_BYTES - b->sums_n, "%s  %s\n", hex, b->name);
  if (n < 0 || b->sums_n + (size_t)n >= SUMS_BYTES)
    fail(b);
  else
    b->sums_n += (size_t)n;
  b->name[0] = '\0';
}

int bundle_open_file(struct bundle *b, const char *name) {
  end_file(b);
  if (b->lib->open_file(b->zip, name, time(NULL)) < 0) return fail(b);
  crypto_hash_sha256_init(&b->hash);
  snprintf(b->name, sizeof b->name, "%s", name);
  return b->err;
}

int bundle_write(void *bundle, const void *bytes, size_t n) {
  struct bundle *b = bundle;
  crypto_hash_sha256_update(&b->hash, bytes, n);
  if (b->lib->write(b->zip, bytes, n) < 0) return fail(b);
  return b->err;
}

static void put_file(struct bundle *b, const char *name, const void *bytes, size_t n) {
  if (bundle_open_file(b, name) >= 0) (void)bundle_write(b, bytes, n);
}

/* RFC 8410: an Ed25519 public key as openssl reads it. */
static void key_pem(const unsigned char public[SECRET_PUBLIC_BYTES], char out[256]) {
  static const unsigned char HEAD[12] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};
  unsigned char der[44];
  char text[96];
  memcpy(der, HEAD, sizeof HEAD);
  memcpy(der + sizeof HEAD, public, SECRET_PUBLIC_BYTES);
  sodium_bin2base64(text, sizeof text, der, sizeof der, sodium_base64_VARIANT_ORIGINAL);
  snprintf(out, 256, "-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----\n", text);
}

static void put_readme(struct bundle *b, const char *what) {
  char text[3072], hex[2 * SECRET_PUBLIC_BYTES + 1];
  sodium_bin2hex(hex, sizeof hex, b->secret.public, sizeof b->secret.public);
  int n =
      snprintf(text, sizeof text,
               "%s\n\nHow to check it, with tools that every system has:\n\n"
               "  sha256sum -c SHA256SUMS\n"
               "  openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in SHA256SUMS -sigfile SHA256SUMS.sig\n\n"
               "The first says that each file is as it was listed, the second that the list was signed by the box whose public key is\n%s\n"
               "(ask its owner, on another way, whether that is the key). checkpoint.txt names the last link of the box's logs at that\n"
               "time, signed as well: \"cadencia verify --against\" this file shows later whether anything before it was altered.\n\n"
               "That signature, without Cadencia:\n\n"
               "  head -n -1 checkpoint.txt > lines; tail -n 1 checkpoint.txt | cut -d' ' -f2 | xxd -r -p > lines.sig\n"
               "  openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in lines -sigfile lines.sig\n\n"
               "and the hash of this checkpoint, which the next one names after the word before: b2sum -l 256 checkpoint.txt\n\n"
               "Cómo comprobarlo: las dos órdenes de arriba; la primera dice que cada fichero es el de la lista, la segunda que la lista\n"
               "la firmó la máquina de esa clave.\n\nMade by cadencia %s.\n",
               what, hex, CADENCIA_VERSION);
  put_file(b, "README.txt", text, (size_t)n);
}

int bundle_finish(struct bundle *b, const char *what, FILE *err) {
  unsigned char signature[SIGNATURE_BYTES];
  char text[EVIDENCE_TEXT_BYTES];
  key_pem(b->secret.public, text);
  put_file(b, "key.pem", text, strlen(text));
  if (evidence_checkpoint(b->db_path, text, NULL) >= 0) put_file(b, "checkpoint.txt", text, strlen(text));
  put_readme(b, what);
  end_file(b);
  size_t listed = b->sums_n; /* the list does not list itself */
  crypto_sign_detached(signature, NULL, (const unsigned char *)b->sums, listed, b->secret.sign);
  char *sums = strdup(b->sums);
  if (!sums) fail(b);
  put_file(b, "SHA256SUMS", sums ? sums : "", listed);
  put_file(b, "SHA256SUMS.sig", signature, sizeof signature);
  end_file(b);
  free(sums);
  if (b->lib->finish(b->zip) < 0 || fsync(b->fd) != 0) fail(b);
  int r = b->err;
  if (r >= 0 && rename(b->beside, b->path) != 0) r = CAD_EIO;
  if (r < 0 && err) fprintf(err, "%s cannot be written: %s\n", b->path, strerror(errno));
  if (r >= 0) b->beside[0] = '\0';
  bundle_drop(b);
  return r;
}

struct bundle *bundle_drop(struct bundle *b) {
  if (!b) return NULL;
  if (b->lib) b->lib->destroy(b->zip);
  if (b->fd >= 0) {
    close(b->fd);
    if (b->beside[0]) (void)unlink(b->beside);
  }
  secret_forget(&b->secret);
  free(b);
  return NULL;
}

int bundle_read(const char *path, const char *name, char *out, size_t room) {
  const struct zip_lib *lib = zip_lib(stderr);
  return lib ? lib->read(path, name, out, room) : CAD_EIO;
}
