/* A media thread under test, its control, and phones on loopback that send a tone every 20 ms and keep what they hear. */
#ifndef MEDIA_HARNESS_H
#define MEDIA_HARNESS_H
#include "dialer/base/clock.h"
#include "dialer/base/mailbox.h"
#include "dialer/media/media.h"
#include "dialer/media/rtp.h"
#include "tests/support/scratch.h"
#include <arpa/inet.h>
#include <cadencia/err.h>
#include <check.h>
#include <dsp/codec.h>
#include <dsp/wav.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* Under ThreadSanitizer the beat cannot keep its time: there these tests look for races only. */
#ifdef __SANITIZE_THREAD__
enum { IN_TIME = 0 };
#else
enum { IN_TIME = 1 };
#endif

enum { HEARD_MAX = 8000 * 20, MAILS_MAX = 8192, EVENT_PT = 101 };

struct phone {
  int fd;
  uint16_t port, to_port;
  uint8_t pt;
  bool sending;
  double hz, level; /* level 0: silence */
  uint16_t seq;
  uint32_t ts, ssrc;
  int16_t heard[HEARD_MAX];
  int heard_count, packets, events, event_code, markers, other_pt, gaps, own_pt;
  uint16_t last_seq;
  uint32_t from_ssrc;
};

static struct media *media;
static struct mailbox *control;
static struct mail mails[MAILS_MAX];
static int mail_count, credits_waiting;
static struct session credit_ids[MAILS_MAX];
static uint16_t credit_ports[MAILS_MAX];
static char prompt_dir[64];

static inline void harness_start(unsigned sessions, unsigned credits) {
  char err[160];
  strcpy(prompt_dir, scratch_dir());
  control = mailbox_create(4096);
  struct media_options opt = {.bind_host = "127.0.0.1",
                              .port_min = 21000,
                              .port_max = 28999,
                              .sessions_max = sessions,
                              .credits = credits,
                              .prompt_dir = prompt_dir};
  int code = media_start(&opt, control, &media, err);
  ck_assert_msg(code == CAD_OK, "%s", err);
  mail_count = credits_waiting = 0;
}

static inline void harness_stop(void) {
  media = media_stop(media);
  control = mailbox_destroy(control);
  scratch_remove();
}

static inline void take_mail(void) {
  struct mail batch[64];
  unsigned n;
  while ((n = mailbox_take(control, batch, 64)) > 0) {
    for (unsigned i = 0; i < n; i++) {
      if (batch[i].kind == MEDIA_CREDIT) {
        credit_ids[credits_waiting] = batch[i].u.media_credit.session;
        credit_ports[credits_waiting++] = batch[i].u.media_credit.port;
      } else if (mail_count < MAILS_MAX) {
        mails[mail_count++] = batch[i];
      }
    }
  }
}

/* The n-th mail (from 0) of a kind, or NULL. */
static inline const struct mail *mail_of(enum mail_kind kind, int n) {
  for (int i = 0; i < mail_count; i++) {
    if (mails[i].kind == kind && n-- == 0) return &mails[i];
  }
  return NULL;
}
static inline int mails_of(enum mail_kind kind) {
  int n = 0;
  while (mail_of(kind, n)) n++;
  return n;
}

static inline void phone_open(struct phone *p, uint8_t pt, double hz, double level) {
  static uint32_t ssrc = 0x1000;
  memset(p, 0, sizeof *p);
  static uint16_t next_port;
  if (next_port == 0) next_port = (uint16_t)(30000 + getpid() % 10000 * 2);
  for (int tries = 0; tries < 1000 && p->port == 0; tries++) { /* an even one, as RTP has */
    p->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(next_port)};
    if (bind(p->fd, (struct sockaddr *)&sa, sizeof sa) == 0)
      p->port = next_port;
    else
      close(p->fd);
    next_port = next_port >= 60000 ? 30000 : (uint16_t)(next_port + 2);
  }
  ck_assert_uint_ne(p->port, 0);
  p->pt = pt;
  p->hz = hz;
  p->level = level;
  p->ssrc = ssrc++;
  p->seq = 65530;
  p->ts = 0xffffff00u;
}
static inline void phone_close(struct phone *p) { close(p->fd); }

static inline void phone_send(struct phone *p, uint8_t pt, bool marker, uint32_t ts, const uint8_t *payload, size_t n) {
  uint8_t packet[1500];
  struct rtp_packet head = {.payload_type = pt, .marker = marker, .seq = p->seq++, .ts = ts, .ssrc = p->ssrc};
  rtp_header_write(packet, &head);
  memcpy(packet + 12, payload, n);
  struct sockaddr_in sa = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(p->to_port)};
  sendto(p->fd, packet, 12 + n, 0, (struct sockaddr *)&sa, sizeof sa);
}

static inline void phone_frame(struct phone *p) {
  int16_t pcm[160];
  uint8_t payload[160];
  for (int i = 0; i < 160; i++)
    pcm[i] = (int16_t)lrint(p->level * sin(2 * M_PI * p->hz * (double)(p->ts + (uint32_t)i - 0xffffff00u) / 8000));
  codec_encode(p->pt, pcm, 160, payload);
  phone_send(p, p->pt, false, p->ts, payload, 160);
  p->ts += 160;
}

/* A key: three packets while it is held, three at its end, all with one timestamp. */
static inline void phone_key(struct phone *p, uint8_t code) {
  for (int i = 0; i < 6; i++) {
    uint8_t payload[4] = {code, (uint8_t)(i >= 3 ? 0x8a : 0x0a), 0, (uint8_t)(i >= 3 ? 160 : 40 + 40 * i)};
    phone_send(p, EVENT_PT, i == 0, p->ts, payload, 4);
  }
  p->ts += 160;
}

static inline void phone_hear(struct phone *p) {
  uint8_t packet[2048];
  ssize_t n;
  while ((n = recv(p->fd, packet, sizeof packet, 0)) > 0) {
    struct rtp_packet r;
    ck_assert_int_eq(rtp_parse(packet, (size_t)n, &r), CAD_OK);
    if (p->packets > 0 && r.ssrc == p->from_ssrc && (uint16_t)(r.seq - p->last_seq) != 1) p->gaps++;
    p->last_seq = r.seq;
    p->from_ssrc = r.ssrc;
    p->packets++;
    if (r.marker) p->markers++;
    if (r.payload_type == EVENT_PT) {
      p->events++;
      p->event_code = r.payload[0];
    } else if (r.payload_type == p->pt) {
      p->own_pt++;
      int room = HEARD_MAX - p->heard_count;
      int k = r.payload_bytes < room ? r.payload_bytes : room;
      codec_decode(r.payload_type, r.payload, k, p->heard + p->heard_count);
      p->heard_count += k;
    } else {
      p->other_pt++;
    }
  }
}

/* Real time passes; every 20 ms each phone that sends does so; all listen; mail is taken. */
static inline void run_ms(struct phone *const *phones, int count, int ms) {
  int64_t start = clock_mono_us(), next = start;
  for (int64_t now = start; now < start + ms * 1000; now = clock_mono_us()) {
    if (now >= next) {
      for (int i = 0; i < count; i++) {
        if (phones[i]->sending) phone_frame(phones[i]);
      }
      next += 20000;
    }
    for (int i = 0; i < count; i++) phone_hear(phones[i]);
    take_mail();
    poll(NULL, 0, 2);
  }
}

static inline struct session take_credit(uint16_t *port) {
  for (int i = 0; i < 500 && credits_waiting == 0; i++) {
    take_mail();
    poll(NULL, 0, 2);
  }
  ck_assert_int_gt(credits_waiting, 0);
  credits_waiting--;
  if (port) *port = credit_ports[credits_waiting];
  return credit_ids[credits_waiting];
}

static inline void tell(const struct mail *m) { ck_assert_int_eq(mailbox_put(media_inbox(media), m), CAD_OK); }

static inline void tell_remote(struct session s, const struct phone *p, uint8_t role, bool early, uint8_t event_pt) {
  struct mail m = mail_make(MEDIA_REMOTE, clock_mono());
  m.u.media_remote = (struct mail_media_remote){
      .session = s,
      .owner = {.role = role, .slot = s.slot + 1000, .gen = 1},
      .early = early,
      .desc = {.family = 4, .addr = {127, 0, 0, 1}, .port = p->port, .codec = p->pt, .event_pt = event_pt, .ptime_ms = 20}};
  tell(&m);
}

/* A session whose far side is this phone, answered. */
static inline struct session connect_phone(struct phone *p, uint8_t role) {
  struct session s = take_credit(&p->to_port);
  tell_remote(s, p, role, false, EVENT_PT);
  return s;
}

static inline void tell_screen(struct session s, bool screening, uint16_t max_wait_ms, uint16_t prompt) {
  struct mail m = mail_make(MEDIA_SCREEN, clock_mono());
  m.u.media_screen = (struct mail_media_screen){.session = s, .screening = screening, .max_wait_ms = max_wait_ms, .prompt = prompt};
  tell(&m);
}
static inline void tell_bridge(struct session customer, struct session agent, bool tone) {
  struct mail m = mail_make(MEDIA_BRIDGE, clock_mono());
  m.u.media_bridge = (struct mail_media_bridge){.customer = customer, .agent = agent, .tone = tone};
  tell(&m);
}
static inline void tell_play(struct session s, int prompt, bool loop) {
  struct mail m = mail_make(MEDIA_PLAY, clock_mono());
  m.u.media_play = (struct mail_media_play){.session = s, .prompt = (uint16_t)prompt, .loop = loop};
  tell(&m);
}
static inline void tell_session(enum mail_kind kind, struct session s) {
  struct mail m = mail_make(kind, clock_mono());
  m.u.media_session.session = s;
  tell(&m);
}

/* A prompt file of one tone in the prompt folder; returns its index. */
static inline int make_prompt(const char *name, double hz, double level, int ms) {
  static int16_t pcm[8000 * 10];
  char path[160];
  for (int i = 0; i < ms * 8; i++) pcm[i] = (int16_t)lrint(level * sin(2 * M_PI * hz * i / 8000));
  snprintf(path, sizeof path, "%s/%s", prompt_dir, name);
  ck_assert_int_eq(wav_write(path, pcm, (size_t)ms * 8), CAD_OK);
  int index = media_prompt(media, name);
  ck_assert_int_gt(index, 0);
  return index;
}

/* Amplitude of one frequency in the last `count` samples heard. */
static inline double heard_level(const struct phone *p, double hz, int count) {
  double re = 0, im = 0;
  if (count > p->heard_count) count = p->heard_count;
  if (count == 0) return 0;
  const int16_t *pcm = p->heard + p->heard_count - count;
  for (int i = 0; i < count; i++) {
    re += pcm[i] * cos(2 * M_PI * hz * i / 8000);
    im += pcm[i] * sin(2 * M_PI * hz * i / 8000);
  }
  return 2 * sqrt(re * re + im * im) / count;
}

/* The loudest that a frequency was for `window` samples together. */
static inline double heard_best(const struct phone *p, double hz, int window) {
  static struct phone part;
  double best = 0;
  for (int end = window; end <= p->heard_count; end += 80) {
    memcpy(part.heard, p->heard + end - window, (size_t)window * sizeof *part.heard);
    part.heard_count = window;
    double level = heard_level(&part, hz, window);
    if (level > best) best = level;
  }
  return best;
}

static inline struct media_counters counters(void) {
  struct media_counters c;
  media_counters(media, &c);
  return c;
}
#endif
