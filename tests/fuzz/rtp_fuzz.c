/* Packets from the network: what is parsed lies inside what was received. */
#include "dialer/media/rtp.h"
#include "tests/fuzz/fuzz.h"
#include <cadencia/err.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct rtp_packet packet;
  struct rtp_event event;
  if (rtp_parse(data, size, &packet) == CAD_OK) {
    if (packet.payload_bytes && (packet.payload < data || packet.payload + packet.payload_bytes > data + size)) __builtin_trap();
    if (rtp_event_parse(&packet, &event) == CAD_OK) rtp_event_digit(event.code);
  }
  return 0;
}
