/* SDP of the far side: what comes out can be used, and our answer to it fits. */
#include "dialer/sip/offer.h"
#include "tests/fuzz/fuzz.h"
#include <cadencia/err.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const struct offer_local local = {
      .addr = "127.0.0.1", .family = 4, .port = 20000, .codecs = {CODEC_PCMU, CODEC_PCMA}, .codec_count = 2, .session_id = 1, .version = 1};
  struct media_desc desc;
  char text[OFFER_TEXT_MAX];
  if (offer_parse(&local, (const char *)data, size, &desc) == CAD_OK && desc.codec != CODEC_PCMU && desc.codec != CODEC_PCMA)
    __builtin_trap();
  int n = offer_answer(&local, (const char *)data, size, &desc, text, sizeof text);
  if (n > (int)sizeof text || (n > 0 && memchr(text, 0, (size_t)n))) __builtin_trap();
  return 0;
}
