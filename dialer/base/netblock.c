#include "dialer/base/netblock.h"
#include <arpa/inet.h>
#include <cadencia/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { V4_AT = 12, V4_LEAST_BITS = 8, V6_LEAST_BITS = 16 };

int netblock_address(const char *text, uint8_t out[16]) {
  static const uint8_t MAPPED[V4_AT] = {[10] = 0xff, [11] = 0xff};
  char bare[INET6_ADDRSTRLEN];
  size_t n = strlen(text);
  if (n >= 2 && text[0] == '[' && text[n - 1] == ']') text++, n -= 2;
  if (n == 0 || n >= sizeof bare) return CAD_EFORMAT;
  memcpy(bare, text, n);
  bare[n] = 0;
  if (inet_pton(AF_INET6, bare, out) == 1) return CAD_OK;
  memcpy(out, MAPPED, sizeof MAPPED);
  return inet_pton(AF_INET, bare, out + V4_AT) == 1 ? CAD_OK : CAD_EFORMAT;
}

static bool same_bits(const uint8_t *a, const uint8_t *b, unsigned bits) {
  const unsigned whole = bits / 8, rest = bits % 8;
  if (memcmp(a, b, whole) != 0) return false;
  return rest == 0 || ((a[whole] ^ b[whole]) & (0xffu << (8 - rest) & 0xffu)) == 0;
}

int netblock_parse(const char *text, struct netblock *out) {
  char address[64];
  const size_t n = strcspn(text, "/");
  if (n >= sizeof address) return CAD_EFORMAT;
  memcpy(address, text, n);
  address[n] = 0;
  *out = (struct netblock){.bits = 128};
  if (netblock_address(address, out->bytes) < 0) return CAD_EFORMAT;
  if (!text[n]) return CAD_OK;
  const bool four = strchr(address, ':') == NULL;
  char *end = NULL;
  const unsigned long bits = strtoul(text + n + 1, &end, 10);
  if (text[n + 1] < '0' || text[n + 1] > '9' || *end || bits > (four ? 32u : 128u)) return CAD_EFORMAT;
  if (bits < (four ? V4_LEAST_BITS : V6_LEAST_BITS)) return CAD_EINVAL;
  out->bits = (uint8_t)(four ? bits + 8 * V4_AT : bits);
  struct netblock rest = *out; /* "192.0.2.1/24" is a slip of the pen: which of the two was meant? */
  for (unsigned i = out->bits; i < 128; i++) rest.bytes[i / 8] &= (uint8_t) ~(0x80u >> i % 8);
  return memcmp(rest.bytes, out->bytes, sizeof rest.bytes) == 0 ? CAD_OK : CAD_EFORMAT;
}

bool netblock_holds(const struct netblock *block, const uint8_t address[16]) { return same_bits(block->bytes, address, block->bits); }
