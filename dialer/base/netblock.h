/* netblock.h — a block of addresses: "192.0.2.0/24", "2001:db8:1::/48", or one address.
 *
 * IPv4 lies in IPv6's ::ffff:0:0/96, so one compare serves both. Pure. Owner: whoever holds the memory. */
#ifndef DIALER_BASE_NETBLOCK_H
#define DIALER_BASE_NETBLOCK_H

#include <stdbool.h>
#include <stdint.h>

enum { NETBLOCKS_MAX = 8 }; /* of one trunk */
struct netblock {
  uint8_t bytes[16];
  uint8_t bits; /* of the 16 bytes that must agree */
};

/* The 16 bytes of a numeric address, with or without brackets. CAD_OK, CAD_EFORMAT. */
int netblock_address(const char *text, uint8_t out[16]);
/* CAD_OK; CAD_EFORMAT: no address, or bits set after the prefix; CAD_EINVAL: wider than /8 (IPv4) or /16 (IPv6). */
int netblock_parse(const char *text, struct netblock *out);
bool netblock_holds(const struct netblock *block, const uint8_t address[16]);

#endif
