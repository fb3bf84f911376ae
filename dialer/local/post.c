/* Checkpoints to an address elsewhere: each is posted once, in order, until the other side says it has it. */
#include "dialer/base/log.h"
#include "dialer/local/local.h"
#include <cadencia/err.h>
#include <campaigns/evidence.h>
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

enum { CONNECT_S = 5, ANSWER_S = 10, A_TURN = 50, SAY_EVERY = 30 };

static void sent_path(const struct config *config, char *out, size_t room) { snprintf(out, room, "%s/checkpoint.sent", config->state_dir); }

static uint64_t sent_read(const struct config *config) {
  char path[CONFIG_PATH_MAX + 32];
  uint64_t number = 0;
  sent_path(config, path, sizeof path);
  FILE *f = fopen(path, "re");
  if (f && fscanf(f, "%" SCNu64, &number) != 1) number = 0;
  if (f) fclose(f);
  return number;
}

/* Whole or not at all; said twice is better than never. */
static int sent_write(const struct config *config, uint64_t number) {
  char path[CONFIG_PATH_MAX + 32], beside[CONFIG_PATH_MAX + 40], text[24];
  sent_path(config, path, sizeof path);
  snprintf(beside, sizeof beside, "%s.new", path);
  int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600),
      n = snprintf(text, sizeof text, "%" PRIu64 "\n", number);
  bool good = fd >= 0 && write(fd, text, (size_t)n) == n && fsync(fd) == 0;
  if (fd >= 0) good = close(fd) == 0 && good;
  return good && rename(beside, path) == 0 ? CAD_OK : CAD_EIO;
}

static size_t no_answer(char *bytes, size_t size, size_t n, void *arg) {
  (void)bytes, (void)arg;
  return size * n; /* what it says beside its status is nobody's concern */
}

static int post_one(const char *url, uint64_t number, const char *text, char why[CURL_ERROR_SIZE]) {
  char header[64];
  long status = 0;
  CURL *c = curl_easy_init();
  snprintf(header, sizeof header, "Cadencia-Checkpoint: %" PRIu64, number);
  struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: text/plain; charset=utf-8"),
                    *more = curl_slist_append(headers, header);
  why[0] = '\0';
  if (!c || !headers || !more) {
    curl_slist_free_all(headers);
    if (c) curl_easy_cleanup(c);
    return CAD_ENOMEM;
  }
  curl_easy_setopt(c, CURLOPT_URL, url);
  curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_S);
  curl_easy_setopt(c, CURLOPT_TIMEOUT, (long)ANSWER_S);
  curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(c, CURLOPT_POSTFIELDS, text);
  curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE, (long)strlen(text));
  curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, no_answer);
  curl_easy_setopt(c, CURLOPT_ERRORBUFFER, why);
  curl_easy_setopt(c, CURLOPT_USERAGENT, "cadencia/" CADENCIA_VERSION);
  CURLcode code = curl_easy_perform(c);
  curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
  curl_slist_free_all(headers);
  curl_easy_cleanup(c);
  if (code == CURLE_OK && status >= 200 && status < 300) return CAD_OK;
  if (code == CURLE_OK) snprintf(why, CURL_ERROR_SIZE, "it answers %ld", status);
  if (!why[0]) snprintf(why, CURL_ERROR_SIZE, "%.200s", curl_easy_strerror(code));
  return CAD_EIO;
}

int local_post(const struct config *config) {
  static unsigned failures; /* the courier's thread alone calls this */
  char path[CONFIG_PATH_MAX + 16], text[EVIDENCE_TEXT_BYTES], why[CURL_ERROR_SIZE];
  uint64_t number = 0;
  int posted = 0, r = CAD_OK;
  if (!config->checkpoint_url[0]) return 0;
  snprintf(path, sizeof path, "%s/cadencia.db", config->state_dir);
  for (uint64_t after = sent_read(config); r >= 0 && posted < A_TURN; after = number) {
    if (evidence_next(path, after, &number, text) < 0) break;
    if ((r = post_one(config->checkpoint_url, number, text, why)) < 0) break;
    r = sent_write(config, number);
    posted++;
  }
  if (r >= 0)
    failures = 0;
  else if (failures++ % SAY_EVERY == 0)
    log_warn("evidence", "checkpoint %" PRIu64 " is not taken by %s: %s; tried again every few seconds", number, config->checkpoint_url,
             why);
  return r < 0 ? r : posted;
}
