/* What the daemon's ear says of a call is what `listen` says of its recording: the tap, fed packet by packet as they come, beside
 * the bare engine in blocks of 20 ms, after the same G.711. */
#include "../dsp/sounds.h"
#include "dialer/media/tap.h"
#include <check.h>
#include <cadencia/err.h>
#include <stdio.h>

enum { CALLS = 40, BEAT_US = 20000 };
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

/* How a call's packets come in. */
struct road {
  const char *name;
  int jitter_ms;         /* unrest of every packet, in order */
  int stall_ms;          /* now and then the sender falls silent for up to so long, then */
  bool catches_up;       /* sends all that is overdue at once, or goes on as if nothing had been */
  int deaf_ms;           /* now and then this machine has no time for so long */
  int told_ms;           /* the order to listen comes so long after the answer; the socket kept what came before */
  bool early;            /* the ear was open before the answer, and the first packets were there before the order */
  int swap_in, twice_in; /* one packet of so many comes after its successor; comes twice; 0: none */
  int lost_in;           /* one packet of so many never comes */
};
static const struct road ROADS[] = {
    {.name = "even"},
    {.name = "15 ms of jitter", .jitter_ms = 15},
    {.name = "60 ms of jitter", .jitter_ms = 60},
    {.name = "the sender stalls and catches up", .stall_ms = 380, .catches_up = true},
    {.name = "the sender stalls and goes on", .stall_ms = 380},
    {.name = "this machine stalls", .deaf_ms = 700},
    {.name = "the order comes late", .told_ms = 900},
    {.name = "the ear was open before the answer", .early = true, .told_ms = 80},
    {.name = "packets change places", .swap_in = 7},
    {.name = "packets come twice", .twice_in = 5},
    {.name = "packets are lost", .lost_in = 30, .jitter_ms = 10},
    {.name = "all of it",
     .jitter_ms = 25,
     .stall_ms = 250,
     .catches_up = true,
     .deaf_ms = 250,
     .told_ms = 300,
     .swap_in = 23,
     .lost_in = 50},
};
enum { ROADS_COUNT = sizeof ROADS / sizeof ROADS[0], PACKETS_MAX = SOUND_MAX / 160, BEAT_PACKETS = 16 };

static bool is_lost(const struct road *r, int k) { return r->lost_in && k > 0 && k * 7919 % r->lost_in == r->lost_in - 1; }

static struct said by_engine(const int16_t *x, int n, const struct road *road) {
  static _Alignas(16) unsigned char memory[16384];
  const struct screen_params params = tap_params();
  struct screen *s = screen_init(memory, &params, true);
  struct screen_event e[SCREEN_EVENTS_MAX];
  struct said said = {0};
  for (int at = 0; at + 160 <= n; at += 160)
    for (int got = is_lost(road, at / 160) ? screen_loss(s, 160, e) : screen_feed(s, x + at, 160, e), i = 0; i < got; i++)
      note(&said, &e[i]);
  screen_release(s);
  return said;
}

/* When each packet is there to be read. */
static void plan_arrivals(const struct road *r, int packets, int64_t *at_us) {
  int64_t slip_us = 0, not_before_us = 0;
  for (int k = 0; k < packets; k++) {
    const int64_t due_us = (int64_t)(k + 1) * BEAT_US;
    if (r->stall_ms && k % 61 == 40) {
      const int64_t stall_us = (int64_t)dice_between(r->stall_ms / 2.0, r->stall_ms) * 1000;
      if (r->catches_up)
        not_before_us = due_us + stall_us;
      else
        slip_us += stall_us;
    }
    at_us[k] = due_us + slip_us + (r->jitter_ms ? (int64_t)(k * 7919 % r->jitter_ms) * 1000 : 0);
    if (at_us[k] < not_before_us) at_us[k] = not_before_us;
    if (k > 0 && at_us[k] < at_us[k - 1]) at_us[k] = at_us[k - 1];
  }
}

struct ear {
  struct tap *tap;
  const int16_t *x;
  int law;
  struct said said;
};

static void hear_packet(struct ear *e, int k, int64_t now_us) {
  uint8_t payload[160];
  codec_encode(e->law, e->x + k * 160, 160, payload);
  const struct rtp_packet p = {.payload_type = (uint8_t)e->law,
                               .seq = (uint16_t)k,
                               .ts = (uint32_t)k * 160u + 77u,
                               .ssrc = 5,
                               .payload = payload,
                               .payload_bytes = 160};
  tap_hear(e->tap, &p, now_us, hear, &e->said);
}

static struct said by_tap(struct tap_pool *pool, const int16_t *x, int n, int law, const struct road *r) {
  static int64_t at_us[PACKETS_MAX];
  const int packets = n / 160;
  plan_arrivals(r, packets, at_us);
  struct ear e = {.x = x, .law = law};
  const int64_t told_us = (int64_t)r->told_ms * 1000;
  const int64_t last_us = at_us[packets - 1] + 400000;
  int sent = 0;
  int64_t deaf_until_us = 0;
  if (r->early) e.tap = tap_open(pool, 0, false, NULL, NULL);
  for (int64_t now = BEAT_US, beat = 0; now < last_us; now += BEAT_US, beat++) {
    if (!e.tap && now >= told_us) e.tap = tap_open(pool, 0, true, NULL, NULL);
    if (r->early && now >= told_us) tap_answered(e.tap, BEAT_US);
    if (r->deaf_ms && beat % 97 == 50) deaf_until_us = now + (int64_t)r->deaf_ms * 1000;
    if (!e.tap || now < deaf_until_us) continue;
    for (int read = 0; read < BEAT_PACKETS && sent < packets && at_us[sent] <= now; read++, sent++) {
      const bool swapped = r->swap_in && sent % r->swap_in == 2 && sent + 1 < packets && at_us[sent + 1] <= now + BEAT_US;
      if (swapped && !is_lost(r, sent + 1)) hear_packet(&e, sent + 1, now);
      if (!is_lost(r, sent)) hear_packet(&e, sent, now);
      if (swapped) sent++;
      if (r->twice_in && sent % r->twice_in == 1) hear_packet(&e, sent, now);
    }
    tap_beat(e.tap, now, hear, &e.said);
  }
  tap_close(pool, e.tap);
  return e.said;
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

START_TEST(the_daemon_s_ear_hears_what_listen_hears_however_its_packets_come) {
  const struct road *road = &ROADS[_i];
  struct tap_pool pool;
  ck_assert_int_eq(tap_pool_open(&pool, 1), CAD_OK);
  int same = 0;
  for (uint32_t seed = 1; seed <= CALLS; seed++) {
    const int law = seed % 2 ? 0 : 8;
    make_call(seed);
    sound_line(&sound, law, 0.0, line);
    const struct said a = by_engine(line, sound.n, road), b = by_tap(&pool, line, sound.n, law, road);
    const bool equal = a.verdict == b.verdict && a.reason == b.reason && a.at_ms == b.at_ms && a.beeps == b.beeps && a.digits == b.digits;
    if (!equal)
      printf("%s, call %u: %s (%s) at %lld ms by the engine, %s (%s) at %lld ms by the ear\n", road->name, seed, verdict_name(a.verdict),
             verdict_reason_name(a.reason), (long long)a.at_ms, verdict_name(b.verdict), verdict_reason_name(b.reason), (long long)b.at_ms);
    same += equal;
  }
  tap_pool_close(&pool);
  printf("%s: %d of %d calls the same\n", road->name, same, CALLS);
  ck_assert_int_eq(same, CALLS);
}
END_TEST

int main(void) {
  Suite *s = suite_create("same verdict");
  TCase *c = tcase_create("same");
  tcase_set_timeout(c, 120);
  tcase_add_loop_test(c, the_daemon_s_ear_hears_what_listen_hears_however_its_packets_come, 0, ROADS_COUNT);
  suite_add_tcase(s, c);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_NORMAL);
  const int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed ? 1 : 0;
}
