/* cadencia-post.so: one checkpoint over HTTP, by libcurl. */
#include "dialer/local/post_lib.h"
#include <cadencia/err.h>
#include <curl/curl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { CONNECT_S = 5, ANSWER_S = 10 };
_Static_assert((int)POST_WHY_BYTES >= (int)CURL_ERROR_SIZE, "libcurl writes into it");

static size_t no_answer(char *bytes, size_t size, size_t n, void *arg) {
  (void)bytes, (void)arg;
  return size * n; /* what it says beside its status is nobody's concern */
}

int cadencia_post_one(const char *url, uint64_t number, const char *text, char why[POST_WHY_BYTES]) {
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
  if (code == CURLE_OK) snprintf(why, POST_WHY_BYTES, "it answers %ld", status);
  if (!why[0]) snprintf(why, POST_WHY_BYTES, "%.200s", curl_easy_strerror(code));
  return CAD_EIO;
}
