/* config.h — cadencia.conf: what the box is. Files own the box, the database owns
 * what people edit.
 *
 * Parsed with libconfig into a fresh immutable struct config; every key is checked
 * against a schema table: unknown keys, wrong types and values out of range are
 * errors "file:line: what; the fix", all of them collected, not only the first.
 * Owner: daemon.c; a reload makes a new one. Source: config.c */
#ifndef CADENCIA_CONFIG_H
#define CADENCIA_CONFIG_H

#include "dialer/base/mail.h"
#include "dialer/base/netblock.h"
#include <stdio.h>

enum { CONFIG_LISTENERS_MAX = 4, CONFIG_TRUNKS_MAX = 16, CONFIG_PATH_MAX = 256 };

struct config_listener {
  char name[MAIL_NAME_MAX];
  char bind_host[64]; /* numeric */
  uint16_t bind_port;
  char transport[8];             /* "udp", "tcp", "tls" */
  char tls_dir[CONFIG_PATH_MAX]; /* agent.pem and cafile.pem; "" none */
  char advertise[64];            /* numeric address put into SDP and Contact; "" = bind_host */
  uint16_t media_port_min, media_port_max;
};
struct config_trunk {
  char name[MAIL_NAME_MAX];
  uint16_t listener; /* index */
  char proxy[MAIL_URI_MAX];
  uint64_t caller_id;
  uint32_t channels, calls_per_s;
  uint8_t codecs[2], codec_count;
  char tones[4];               /* country whose tones are heard on it: share_dir/tones/XX.conf; "": by family */
  char user[64], password[72]; /* "" : by address alone */
  uint8_t registers;           /* REGISTER there, and no call before it is accepted */
  uint32_t expires_s, options_s;
  char domain[64], tls_name[64];
  struct netblock sources[NETBLOCKS_MAX]; /* callers come from here too, from any port */
  uint8_t source_count;
  char group[MAIL_NAME_MAX]; /* trunks of one group stand in for each other; "" alone */
  uint32_t priority, weight; /* lowest priority first; weights share the calls of one priority */
};
struct config {
  char path[CONFIG_PATH_MAX]; /* the file it came from */
  char state_dir[CONFIG_PATH_MAX];
  char share_dir[CONFIG_PATH_MAX];  /* etc/ data: rules, numbering, tones */
  char prompt_dir[CONFIG_PATH_MAX]; /* WAV prompts, "" = share_dir/prompts */
  struct config_listener listeners[CONFIG_LISTENERS_MAX];
  unsigned listener_count;
  struct config_trunk trunks[CONFIG_TRUNKS_MAX];
  unsigned trunk_count;
  char console_host[64]; /* "" = no console */
  uint16_t console_port;
  uint32_t limit_calls, limit_agents;
  uint64_t limit_contacts;
  uint32_t drain_s;
  uint16_t box;                         /* 0..1023, part of every id */
  char log_file[CONFIG_PATH_MAX];       /* "" = standard error */
  uint8_t require_clock_sync;           /* a clock that nothing keeps in step dials nobody */
  char checkpoint_dir[CONFIG_PATH_MAX]; /* where signed checkpoints are dropped; "" = state_dir/checkpoints */
  char checkpoint_url[256];             /* where they are posted as well; "": nowhere */
  uint32_t checkpoint_rows;             /* a checkpoint after so many rows of the logs */
  uint8_t loopback_only;                /* rehearsal: the SIP worker refuses any other peer */
  char realm[64];                       /* of the phones that register */
  char phone_digest[8];                 /* "MD5", "SHA-256" or "both": what they are asked for */
};

/* Defaults without a file. */
void config_defaults(struct config *out);
/* CAD_OK, CAD_EFORMAT (errors were printed to err, one a line), CAD_ENOENT. out untouched on failure. */
int config_load(const char *path, struct config *out, FILE *err);

#endif
