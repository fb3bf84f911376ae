/* spec.h — the worker's one argument, read and checked. Format: sip_worker.h. Source: spec.c */
#ifndef CADENCIA_SIP_SPEC_H
#define CADENCIA_SIP_SPEC_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct spec {
  char bind_host[64]; /* numeric, without brackets */
  uint16_t bind_port;
  uint8_t family;     /* 4 or 6 */
  char transport[8];  /* "udp", "tcp", "tls" */
  char tls_dir[256];  /* agent.pem and cafile.pem, "" none */
  char advertise[64]; /* numeric, never empty */
  bool loopback;
  uint32_t gen, worker, t1x64_ms, legs_max, breaker, breaker_ms;
};

/* CAD_OK or CAD_EINVAL with one line in err. out untouched on failure. */
int spec_parse(const char *text, struct spec *out, char err[160]);

/* Family of a numeric address, 0 when it is not one. "[::1]" is read too. */
uint8_t spec_family(const char *host);
/* Is this numeric host 127.0.0.0/8 or ::1? */
bool spec_is_loopback(const char *host);
/* Tries to take the port the plain way, so that a taken one is known by name.
 * CAD_OK, CAD_EBUSY (taken), CAD_ENET (another reason in errno). */
int spec_probe_port(const struct spec *spec);

#endif
