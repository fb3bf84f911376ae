/* Reports of the far side: what is read of them can be counted with; and what we write of any figures, we can read. */
#include "dialer/media/rtcp.h"
#include "tests/fuzz/fuzz.h"
#include <cadencia/err.h>
#include <string.h>

enum { US = 0x12345678 };

static void write_and_read(const uint8_t *data, size_t size) {
  struct rtcp_report report = {0};
  struct rtcp_block block = {0};
  uint8_t text[RTCP_BYTES_MAX];
  memcpy(&report, data, size < sizeof report ? size : sizeof report);
  report.far_ssrc_known = size % 2;
  report.far_ssrc = US;
  size_t n = rtcp_write(text, &report);
  if (n > sizeof text || n % 4) __builtin_trap();
  int rc = rtcp_parse(text, n, US, &block);
  if (rc != (report.far_ssrc_known ? CAD_OK : CAD_EMPTY)) __builtin_trap();
  if (rc == CAD_OK && (block.jitter != report.jitter || block.fraction_lost != report.fraction_lost)) __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct rtcp_block block = {0};
  if (rtcp_parse(data, size, US, &block) == CAD_OK && (size < 32 || block.lost > 0xffffff)) __builtin_trap();
  write_and_read(data, size);
  return 0;
}
