/* What the daemon's ear says of a call is what `listen` says of its recording: the tap, fed packet by packet as they come, beside
 * the bare engine in blocks of 20 ms, after the same G.711. */
#include "../dsp/sounds.h"
#include "dialer/media/tap.h"
#include <check.h>
#include <cadencia/err.h>
#include <stdio.h>

enum { CALLS = 120, BEAT_US = 20000 };
static struct sound sound;
static int16_t line[SOUND_MAX];

struct said {
  enum verdict verdict;
  enum verdict_reason reason;
  int64_t at_ms;
  int beeps, digits;
};

static void note(struct said *s, const struct screen_event *e) {
  s->beeps += e->kind == SCREEN_BEEP_END;
  s->digits += e->kind == SCREEN_DIGIT;
  if (e->kind != SCREEN_DECISION) return;
  s->verdict = e->verdict;
  s->reason = e->reason;
  s->at_ms = (int64_t)e->at / 8;
}
static void hear(void *context, const struct screen_event *e, int64_t heard_us) {
  (void)heard_us;
  note(context, e);
}

static struct said by_engine(const int16_t *x, int n) {
  static _Alignas(16) unsigned char memory[16384];
  const struct screen_params params = tap_params();
  struct screen *s = screen_init(memory, &params, true);
  struct screen_event e[SCREEN_EVENTS_MAX];
  struct said said = {0};
  for (int at = 0; at < n; at += 160)
    for (int got = screen_feed(s, x + at, n - at < 160 ? n - at : 160, e), i = 0; i < got; i++) note(&said, &e[i]);
  screen_release(s);
  return said;
}

/* Packets come with up to jitter_ms of unrest, in order; the beat comes every 20 ms whatever they do. */
static struct said by_tap(struct tap_pool *pool, const int16_t *x, int n, int law, int jitter_ms) {
  struct tap *tap = tap_open(pool, 0, true, NULL, NULL);
  struct said said = {0};
  uint8_t payload[160];
  int sent = 0;
  for (int64_t now = BEAT_US; now < (int64_t)(n / 8) * 1000 + 400000; now += BEAT_US) {
    while (sent < n / 160) {
      const int64_t due = (int64_t)(sent + 1) * BEAT_US + (jitter_ms ? (int64_t)(sent * 7919 % jitter_ms) * 1000 : 0);
      if (due > now) break;
      codec_encode(law, x + sent * 160, 160, payload);
      const struct rtp_packet p = {.payload_type = (uint8_t)law,
                                   .seq = (uint16_t)sent,
                                   .ts = (uint32_t)sent * 160u + 77u,
                                   .ssrc = 5,
                                   .payload = payload,
                                   .payload_bytes = 160};
      tap_hear(tap, &p);
      sent++;
    }
    tap_beat(tap, now, hear, &said);
  }
  tap_close(pool, tap);
  return said;
}

static void make_call(uint32_t seed) {
  dice_seed(seed);
  const double level = dice_between(-30, -8), pitch = dice_between(85, 260);
  sound_clear(&sound);
  add_silence(&sound, (int)dice_between(100, 2500));
  switch (seed % 4) {
  case 0: add_speech(&sound, (int)dice_between(300, 900), pitch, level); break;
  case 1:
    add_speech(&sound, (int)dice_between(2500, 5000), pitch, level);
    add_silence(&sound, 500);
    add_tone(&sound, (int)dice_between(150, 700), dice_between(500, 1800), 0, level);
    break;
  case 2:
    for (int i = 0; i < 4; i++) {
      add_tone(&sound, 500, 480, 620, level);
      add_silence(&sound, 500);
    }
    break;
  default:
    for (int i = 0; i < 3; i++) {
      add_speech(&sound, (int)dice_between(400, 1500), pitch, level);
      add_silence(&sound, (int)dice_between(150, 900));
    }
  }
  add_silence(&sound, 3500);
  add_noise(&sound, 0, sound.n, dice_between(-70, -50));
}

START_TEST(the_daemon_s_ear_and_listen_agree) {
  const int jitter_ms = _i * 15;
  struct tap_pool pool;
  ck_assert_int_eq(tap_pool_open(&pool, 1), CAD_OK);
  int same = 0;
  for (uint32_t seed = 1; seed <= CALLS; seed++) {
    const int law = seed % 2 ? 0 : 8;
    make_call(seed);
    sound_line(&sound, law, 0.0, line);
    const struct said a = by_engine(line, sound.n), b = by_tap(&pool, line, sound.n, law, jitter_ms);
    same += a.verdict == b.verdict && a.reason == b.reason && a.at_ms == b.at_ms && a.beeps == b.beeps && a.digits == b.digits;
  }
  tap_pool_close(&pool);
  printf("jitter %d ms: %d of %d calls the same\n", jitter_ms, same, CALLS);
  ck_assert_int_ge(same * 100, 99 * CALLS);
}
END_TEST

int main(void) {
  Suite *s = suite_create("same verdict");
  TCase *c = tcase_create("same");
  tcase_set_timeout(c, 120);
  tcase_add_loop_test(c, the_daemon_s_ear_and_listen_agree, 0, 2);
  suite_add_tcase(s, c);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_NORMAL);
  const int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed ? 1 : 0;
}
