/* A media thread's world driven by hand, so that a minute takes a moment: time is th.now_us. */
#include "dialer/media/rtcp.h"
#include "dialer/media/thread.h"
#include "screen_double.h"
#include <stddef.h>
#include <arpa/inet.h>
#include <cadencia/err.h>
#include <check.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { BEAT_US = 20000, SESSIONS = 8 };
static struct media_thread th;
static struct prompt_store prompts;
static struct mailbox *box;
static struct mail mails[4096];
static int mail_count, far_fd;
static uint16_t far_port;

static void open_far(void) {
  far_fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  struct sockaddr_in sa = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof sa;
  ck_assert_int_eq(bind(far_fd, (struct sockaddr *)&sa, sizeof sa), 0);
  getsockname(far_fd, (struct sockaddr *)&sa, &length);
  far_port = ntohs(sa.sin_port);
}

static void setup(void) {
  memset(&th, 0, sizeof th);
  box = mailbox_create(4096);
  prompt_store_open(&prompts);
  th.prompts = &prompts;
  th.epoll_fd = epoll_create1(0);
  th.timer_fd = -1;
  th.now_us = 5000000;
  th.credits = SESSIONS;
  ck_assert_int_eq(arena_open(&th.arena, "127.0.0.1", 21000, 28999, SESSIONS, (uint64_t)getpid() * 7919), CAD_OK);
  ck_assert_int_eq(tap_pool_open(&th.taps, 2), CAD_OK);
  ck_assert_int_eq(outbox_open(&th.outbox, box, 4096), CAD_OK);
  beat_credits(&th);
  mail_count = 0;
  open_far();
}

static void teardown(void) {
  arena_close(&th.arena);
  tap_pool_close(&th.taps);
  outbox_close(&th.outbox);
  prompt_store_close(&prompts);
  mailbox_destroy(box);
  close(th.epoll_fd);
  close(far_fd);
}

static void take_mail(void) {
  outbox_flush(&th.outbox);
  mail_count += (int)mailbox_take(box, mails + mail_count, (unsigned)(4096 - mail_count));
}

static const struct mail *mail_of(enum mail_kind kind, int n) {
  for (int i = 0; i < mail_count; i++) {
    if (mails[i].kind == kind && n-- == 0) return &mails[i];
  }
  return NULL;
}
static int mails_of(enum mail_kind kind) {
  int n = 0;
  while (mail_of(kind, n)) n++;
  return n;
}

static void pass_ms(int ms) {
  for (int i = 0; i < ms / 20; i++) {
    th.now_us += BEAT_US;
    th.beat++;
    for (unsigned k = 0; k < th.arena.used_count; k++) beat_session(&th, &th.arena.sessions[th.arena.used[k]], 1);
    take_mail();
  }
}

static int credit_taken;
static struct rtp_session *answered(uint8_t role, uint8_t dir) {
  take_mail();
  struct session id = mail_of(MEDIA_CREDIT, credit_taken++)->u.media_credit.session;
  struct mail m = mail_make(MEDIA_REMOTE, thread_now(&th));
  m.u.media_remote = (struct mail_media_remote){
      .session = id,
      .owner = {role, id.slot, 1},
      .desc = {.family = 4, .addr = {127, 0, 0, 1}, .port = far_port, .event_pt = 101, .ptime_ms = 20, .dir = dir}};
  orders_take(&th, &m);
  return arena_find(&th.arena, id);
}

static void order(enum mail_kind kind, struct rtp_session *s) {
  struct mail m = mail_make(kind, thread_now(&th));
  m.u.media_session.session = session_id(s);
  orders_take(&th, &m);
}

static void screen(struct rtp_session *s, uint8_t screening, uint16_t max_wait_ms) {
  struct mail m = mail_make(MEDIA_SCREEN, thread_now(&th));
  m.u.media_screen = (struct mail_media_screen){.session = session_id(s), .screening = screening, .max_wait_ms = max_wait_ms};
  orders_take(&th, &m);
}

/* One packet from the far phone. */
static void far_says(struct rtp_session *s, uint16_t seq, uint8_t value) {
  uint8_t packet[12 + 160];
  struct rtp_packet head = {.payload_type = 0, .seq = seq, .ts = (uint32_t)seq * 160, .ssrc = 77};
  rtp_header_write(packet, &head);
  memset(packet + 12, value, 160);
  struct sockaddr_in sa = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(s->port)};
  sendto(far_fd, packet, sizeof packet, 0, (struct sockaddr *)&sa, sizeof sa);
}

static uint16_t seq_next = 1;
static void speaks(struct rtp_session *s, int packets, uint8_t value) {
  for (int i = 0; i < packets; i++) {
    far_says(s, seq_next++, value);
    pass_ms(20);
  }
}

START_TEST(a_message_begins_at_its_moment_and_a_voice_stops_it_and_waits_by_the_law) {
  struct rtp_session *s = answered(LEG_CALL, MEDIA_SENDRECV);
  screen(s, 1, 2000);
  speaks(s, 12, 0x00);
  ck_assert_int_eq(mail_of(MEDIA_VERDICT, 0)->u.media_event.verdict, VERDICT_MACHINE);
  struct mail m = mail_make(MEDIA_LEAVE, thread_now(&th));
  m.u.media_play = (struct mail_media_play){.session = session_id(s), .prompt = 7};
  orders_take(&th, &m);
  ck_assert_int_eq(mails_of(MEDIA_MESSAGE), 0);
  speaks(s, 20, 0xff);
  ck_assert_int_eq(mails_of(MEDIA_MESSAGE), 1);
  ck_assert_int_eq(mail_of(MEDIA_MESSAGE, 0)->u.media_event.prompt, 7);
  ck_assert_int_eq(mail_of(MEDIA_MESSAGE, 0)->u.media_event.reason, REASON_BEEP);
  ck_assert_int_eq(mails_of(MEDIA_DEADLINE), 0); /* a machine waits for nobody */
  speaks(s, 12, 0x30);
  ck_assert_int_eq(mails_of(MEDIA_PICKED_UP), 1);
  ck_assert_int_eq(mails_of(MEDIA_VERDICT), 1);
  const int64_t silent = th.now_us / 1000;
  speaks(s, 40, 0xff);
  ck_assert_int_eq(mails_of(MEDIA_VERDICT), 2);
  ck_assert_int_eq(mail_of(MEDIA_VERDICT, 1)->u.media_event.verdict, VERDICT_PERSON);
  speaks(s, 100, 0xff);
  ck_assert_int_eq(mails_of(MEDIA_DEADLINE), 1);
  ck_assert_int_ge(mail_of(MEDIA_DEADLINE, 0)->at.ms - silent, 1900);
  ck_assert_int_le(mail_of(MEDIA_DEADLINE, 0)->at.ms - silent, 2100);
}
END_TEST

START_TEST(without_an_ear_no_message_is_begun) {
  struct rtp_session *s = answered(LEG_CALL, MEDIA_SENDRECV);
  struct mail m = mail_make(MEDIA_LEAVE, thread_now(&th));
  m.u.media_play = (struct mail_media_play){.session = session_id(s), .prompt = 7};
  orders_take(&th, &m);
  pass_ms(100);
  ck_assert_int_eq(mails_of(MEDIA_MESSAGE), 0);
  ck_assert_int_eq(mails_of(MEDIA_PLAYED), 1);
}
END_TEST

START_TEST(a_caller_who_says_nothing_is_waited_for_eight_seconds_and_the_legal_wait) {
  struct rtp_session *s = answered(LEG_CALL, MEDIA_SENDRECV);
  screen(s, (uint8_t)_i, 2000);
  int64_t start = th.now_us;
  pass_ms(9980);
  ck_assert_int_eq(mails_of(MEDIA_DEADLINE), 0);
  pass_ms(60);
  ck_assert_int_eq(mails_of(MEDIA_DEADLINE), 1);
  ck_assert_int_eq(mail_of(MEDIA_DEADLINE, 0)->at.ms - start / 1000, 10000);
  ck_assert_int_eq(mail_of(MEDIA_DEADLINE, 0)->u.media_event.greeting_end.ms, 0);
  ck_assert_int_eq(mails_of(MEDIA_VERDICT), _i);
  if (_i) ck_assert_int_eq(mail_of(MEDIA_VERDICT, 0)->u.media_event.verdict, VERDICT_PERSON);
  if (_i) ck_assert_int_eq(mail_of(MEDIA_VERDICT, 0)->u.media_event.reason, REASON_UNDECIDED);
}
END_TEST

START_TEST(one_who_never_stops_talking_is_waited_for_six_seconds_and_the_legal_wait) {
  struct rtp_session *s = answered(LEG_CALL, MEDIA_SENDRECV);
  screen(s, 1, 2000);
  int64_t start = th.now_us;
  for (uint16_t i = 0; i < 450; i++) {
    far_says(s, i, 0x20);
    pass_ms(20);
  }
  ck_assert_int_eq(mails_of(MEDIA_GREETING_END), 0);
  ck_assert_int_eq(mails_of(MEDIA_DEADLINE), 1);
  int64_t waited = mail_of(MEDIA_DEADLINE, 0)->at.ms - start / 1000;
  ck_assert_int_ge(waited, 8000);
  ck_assert_int_le(waited, 8060);
}
END_TEST

START_TEST(when_no_detector_is_free_the_call_is_a_person_at_once) {
  struct rtp_session *a = answered(LEG_CALL, MEDIA_SENDRECV), *b = answered(LEG_CALL, MEDIA_SENDRECV),
                     *c = answered(LEG_CALL, MEDIA_SENDRECV);
  screen(a, 1, 2000);
  screen(b, 1, 2000);
  screen(c, 1, 2000); /* the pool holds two */
  pass_ms(20);
  ck_assert_int_eq(mails_of(MEDIA_VERDICT), 1);
  ck_assert(session_eq(mail_of(MEDIA_VERDICT, 0)->u.media_event.session, session_id(c)));
  ck_assert_int_eq(mail_of(MEDIA_VERDICT, 0)->u.media_event.verdict, VERDICT_PERSON);
  ck_assert_int_eq(mails_of(MEDIA_GREETING_END), 1);
  pass_ms(1960);
  ck_assert_int_eq(mails_of(MEDIA_DEADLINE), 0);
  pass_ms(40);
  ck_assert_int_eq(mails_of(MEDIA_DEADLINE), 1);
  order(MEDIA_RELEASE, a);
  ck_assert_uint_eq(th.taps.free_count, 1);
}
END_TEST

START_TEST(a_bridge_gives_the_detector_back) {
  struct rtp_session *c = answered(LEG_CALL, MEDIA_SENDRECV), *a = answered(LEG_SEAT, MEDIA_SENDRECV);
  screen(c, 1, 2000);
  ck_assert_uint_eq(th.taps.free_count, 1);
  bridge_join(&th, c, a, false);
  ck_assert_uint_eq(th.taps.free_count, 2);
  pass_ms(12000);
  ck_assert_int_eq(mails_of(MEDIA_DEADLINE) + mails_of(MEDIA_VERDICT), 0);
}
END_TEST

START_TEST(a_call_without_audio_for_fifteen_seconds_is_dead_once) {
  struct rtp_session *s = answered(LEG_CALL, MEDIA_SENDRECV);
  pass_ms(4000);
  far_says(s, 1, 0xff);
  pass_ms(14960);
  ck_assert_int_eq(mails_of(MEDIA_DEAD), 0);
  pass_ms(60);
  ck_assert_int_eq(mails_of(MEDIA_DEAD), 1);
  pass_ms(60000);
  ck_assert_int_eq(mails_of(MEDIA_DEAD), 1);
}
END_TEST

START_TEST(a_silent_seat_and_a_call_on_hold_are_not_dead) {
  answered(LEG_SEAT, MEDIA_SENDRECV);
  answered(LEG_CALL, MEDIA_INACTIVE);
  answered(LEG_CALL, MEDIA_RECVONLY);
  pass_ms(60000);
  ck_assert_int_eq(mails_of(MEDIA_DEAD), 0);
}
END_TEST

START_TEST(taking_back_a_long_hold_begins_the_patience_anew) {
  struct rtp_session *s = answered(LEG_CALL, MEDIA_INACTIVE);
  pass_ms(60000);
  struct mail m = mail_make(MEDIA_REMOTE, thread_now(&th));
  m.u.media_remote = (struct mail_media_remote){.session = session_id(s), .owner = s->owner, .desc = s->desc};
  m.u.media_remote.desc.dir = MEDIA_SENDRECV;
  orders_take(&th, &m);
  pass_ms(14900);
  ck_assert_int_eq(mails_of(MEDIA_DEAD), 0);
  pass_ms(200);
  ck_assert_int_eq(mails_of(MEDIA_DEAD), 1);
}
END_TEST

START_TEST(a_bridge_is_dead_when_both_are_silent_and_neither_is_on_hold) {
  struct rtp_session *c = answered(LEG_CALL, MEDIA_SENDRECV), *a = answered(LEG_SEAT, _i == 2 ? MEDIA_SENDONLY : MEDIA_SENDRECV);
  bridge_join(&th, c, a, false);
  for (uint16_t i = 0; i < 20; i++) {
    if (_i == 1) far_says(a, i, 0xff); /* the agent still speaks */
    receive(&th, a, 4);
    pass_ms(1000);
  }
  ck_assert_int_eq(mails_of(MEDIA_DEAD), _i == 0 ? 1 : 0);
  if (_i == 0) ck_assert(session_eq(mail_of(MEDIA_DEAD, 0)->u.media_event.session, session_id(c)));
}
END_TEST

START_TEST(a_far_host_that_refuses_our_packets_is_dead) {
  struct rtp_session *s = answered(LEG_SEAT, MEDIA_SENDRECV);
  far_says(s, 1, 0xff);
  pass_ms(60);
  ck_assert(s->connected);
  pass_ms(3000);
  ck_assert_int_eq(mails_of(MEDIA_DEAD), 0);
  close(far_fd); /* the phone is gone; its host says so */
  pass_ms(5000);
  ck_assert_int_eq(mails_of(MEDIA_DEAD), 0);
  pass_ms(12000);
  ck_assert_int_eq(mails_of(MEDIA_DEAD), 1);
  open_far();
}
END_TEST

/* A connected socket keeps strangers out, but not those who stood in its queue before: their packets are told by their address. */
START_TEST(who_came_before_the_socket_was_connected_is_a_stranger_still) {
  struct rtp_session *s = answered(LEG_CALL, MEDIA_SENDRECV);
  int stranger = socket(AF_INET, SOCK_DGRAM, 0);
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(s->port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  uint8_t packet[172] = {0x80, 0, 0, 9};
  far_says(s, 1, 0xff);
  for (int i = 0; i < 3; i++) {
    packet[3]++;
    ck_assert_int_eq(sendto(stranger, packet, sizeof packet, 0, (struct sockaddr *)&to, sizeof to), (int)sizeof packet);
  }
  receive(&th, s, 1);
  ck_assert(s->connected && !s->sole);
  receive(&th, s, 2);
  ck_assert(!s->sole);
  ck_assert_uint_eq(s->strangers, 2);
  receive(&th, s, 4);
  ck_assert(s->sole);
  ck_assert_uint_eq(s->strangers, 3);
  ck_assert_uint_eq(s->in.packets, 1);
  packet[3]++;
  (void)sendto(stranger, packet, sizeof packet, 0, (struct sockaddr *)&to, sizeof to); /* refused by the kernel */
  far_says(s, 2, 0xff);
  receive(&th, s, 4);
  ck_assert_uint_eq(s->in.packets, 2);
  ck_assert_uint_eq(s->strangers, 3);
  session_disconnect(s);
  ck_assert(!s->sole);
  close(stranger);
}
END_TEST

START_TEST(before_the_answer_nothing_is_sent_and_nobody_is_dead) {
  struct rtp_session *s = answered(LEG_CALL, MEDIA_SENDRECV);
  order(MEDIA_RELEASE, s);
  take_mail();
  struct session id = mail_of(MEDIA_CREDIT, credit_taken++)->u.media_credit.session;
  struct mail m = mail_make(MEDIA_REMOTE, thread_now(&th));
  m.u.media_remote = (struct mail_media_remote){
      .session = id, .early = 1, .owner = {LEG_CALL, 1, 1}, .desc = {.family = 4, .addr = {127, 0, 0, 1}, .port = far_port}};
  orders_take(&th, &m);
  uint64_t sent = th.tally.tx_packets;
  pass_ms(60000);
  ck_assert_int_eq(mails_of(MEDIA_DEAD), 0);
  ck_assert_uint_eq(th.tally.tx_packets, sent);
  ck_assert_uint_eq(th.taps.free_count, 2);
}
END_TEST

/* The far side's RTCP port is its RTP port plus one. */
START_TEST(reports_are_sent_every_five_seconds_and_those_of_the_far_side_are_read) {
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), tries = 0;
  struct sockaddr_in sa = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((uint16_t)(far_port + 1))};
  while ((far_port % 2 != 0 || bind(fd, (struct sockaddr *)&sa, sizeof sa) != 0) && tries++ < 50) {
    close(far_fd);
    open_far();
    sa.sin_port = htons((uint16_t)(far_port + 1));
  }
  struct rtp_session *s = answered(LEG_CALL, MEDIA_SENDRECV);
  for (uint16_t i = 0; i < 250; i++) {
    if (i % 10 != 3) far_says(s, i, 0xff);
    pass_ms(20);
  }
  struct rtcp_report mine = {.ssrc = 77, .far_ssrc_known = 1, .far_ssrc = s->out.ssrc, .fraction_lost = 25, .lost = 9, .jitter = 40};
  uint8_t bytes[512];
  size_t n = rtcp_write(bytes, &mine);
  struct sockaddr_in to = sa;
  to.sin_port = htons((uint16_t)(s->port + 1));
  sendto(fd, bytes, n, 0, (struct sockaddr *)&to, sizeof to);
  pass_ms(5000);
  ck_assert_uint_eq(s->far_fraction_lost, 25);
  ck_assert_uint_eq(s->far_lost, 9);
  int reports = 0;
  ssize_t got;
  struct rtcp_block block;
  while ((got = recv(fd, bytes, sizeof bytes, 0)) > 0) {
    reports++;
    ck_assert_int_eq(rtcp_parse(bytes, (size_t)got, 77, &block), CAD_OK);
    ck_assert_uint_eq(block.lost, 25);
    if (reports == 1) ck_assert_uint_ge(block.fraction_lost, 20);
    if (reports == 1) ck_assert_uint_le(block.fraction_lost, 30);
  }
  ck_assert_int_eq(reports, 2);
  close(fd);
}
END_TEST

START_TEST(digits_beyond_measure_leave_room_for_what_matters) {
  struct rtp_session *s = answered(LEG_CALL, MEDIA_SENDRECV);
  ck_assert_uint_eq(s->desc.event_pt, 101);
  for (int i = 0; i < 5000; i++) event_digit(&th, s, '1'); /* more than control can read */
  ck_assert(outbox_flush(&th.outbox));
  ck_assert_uint_gt(th.tally.lost_events, 0);
  event_simple(&th, MEDIA_DEAD, s);
  ck_assert_uint_eq(th.outbox.overflow, 0);
}
END_TEST

START_TEST(events_wait_for_a_full_mailbox_and_none_is_lost) {
  struct mailbox *small = mailbox_create(4);
  struct outbox out;
  ck_assert_int_eq(outbox_open(&out, small, 64), CAD_OK);
  for (uint16_t i = 0; i < 40; i++) {
    struct mail m = mail_make(MEDIA_PLAYED, (struct mono){1});
    m.u.media_event.prompt = i;
    outbox_put(&out, &m);
    outbox_flush(&out);
  }
  uint16_t next = 0;
  struct mail got[4];
  unsigned n;
  while ((n = mailbox_take(small, got, 4)) > 0) {
    for (unsigned i = 0; i < n; i++) ck_assert_uint_eq(got[i].u.media_event.prompt, next++);
    outbox_flush(&out);
  }
  ck_assert_uint_eq(next, 40);
  outbox_close(&out);
  mailbox_destroy(small);
}
END_TEST

static uint64_t rng;
static uint32_t next_random(void) {
  rng = rng * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(rng >> 32);
}

/* From the right address, but by somebody who wants to break us. */
START_TEST(whatever_the_far_side_sends_the_world_goes_on) {
  struct rtp_session *c = answered(LEG_CALL, MEDIA_SENDRECV), *a = answered(LEG_SEAT, MEDIA_SENDRECV);
  rng = 0xbad0000u + (unsigned)_i;
  screen(c, 1, 60000);
  if (_i == 0) bridge_join(&th, c, a, true);
  for (int round = 0; round < 20000; round++) {
    uint8_t bytes[700];
    size_t n = next_random() % (round % 50 == 0 ? 700 : 180);
    for (size_t k = 0; k < n; k++) bytes[k] = (uint8_t)next_random();
    struct rtp_packet head = {.payload_type = round % 7 == 0   ? 101
                                              : round % 5 == 0 ? (uint8_t)next_random() & 0x7f
                                              : round % 3 == 0 ? 8
                                                               : 0,
                              .seq = (uint16_t)(next_random() % 4 ? round : (int)next_random()),
                              .ts = next_random() % 4 ? (uint32_t)round * 160 : next_random(),
                              .ssrc = next_random() % 50 ? 5 : next_random()};
    if (n >= 12 && round % 11) rtp_header_write(bytes, &head);
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(c->port)};
    sendto(far_fd, bytes, n, 0, (struct sockaddr *)&sa, sizeof sa);
    receive(&th, c, 4);
    if (round % 2) pass_ms(20);
    while (recv(far_fd, bytes, sizeof bytes, 0) > 0) {
    }
  }
  ck_assert_uint_gt(th.tally.rx_packets, 5000);
  ck_assert_uint_gt(th.tally.malformed, 500);
  if (c->tap) ck_assert_int_le(llabs((int64_t)c->tap->fed - (th.now_us - c->tap->begun_us) / 125), 2000);
  order(MEDIA_RELEASE, c);
  ck_assert_uint_eq(th.taps.free_count, 2);
}
END_TEST

START_TEST(a_listener_of_the_newer_internet_works_the_same) {
  struct arena six;
  if (arena_open(&six, "::1", 21000, 28999, 2, 99) != CAD_OK) return;
  struct rtp_session *s;
  if (arena_credit(&six, 0, &s) != CAD_OK) { /* a machine without it */
    arena_close(&six);
    return;
  }
  int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  struct sockaddr_in6 sa = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
  socklen_t length = sizeof sa;
  ck_assert_int_eq(bind(fd, (struct sockaddr *)&sa, sizeof sa), 0);
  getsockname(fd, (struct sockaddr *)&sa, &length);
  arena_use(&six, s);
  struct media_desc desc = {.family = 6, .addr = {[15] = 1}, .port = ntohs(sa.sin6_port)};
  stream_open(&s->out, 1, 1, 1);
  s->desc = desc;
  s->rx_budget = 10;
  latch_aim(&s->latch, &desc);
  send_silence(&th, s);
  uint8_t packet[200];
  ck_assert_int_eq(recv(fd, packet, sizeof packet, 0), 172);
  sa.sin6_port = htons(s->port);
  sendto(fd, packet, 172, 0, (struct sockaddr *)&sa, sizeof sa);
  receive(&th, s, 4);
  ck_assert(s->connected && s->latch.fixed);
  ck_assert_uint_eq(s->in.packets, 1);
  close(fd);
  arena_close(&six);
}
END_TEST

/* A route that becomes 400 ms longer in mid-greeting: the detector must hear what comes after. */
START_TEST(a_longer_way_does_not_make_the_detector_deaf) {
  struct rtp_session *s = answered(LEG_CALL, MEDIA_SENDRECV);
  screen(s, 1, 2000);
  uint16_t seq = 0;
  for (int i = 0; i < 25; i++) {
    far_says(s, seq++, 0xff);
    pass_ms(20);
  }
  pass_ms(400);
  for (int i = 0; i < 50; i++) {
    far_says(s, seq++, 0x20);
    pass_ms(20);
  }
  int64_t end = th.now_us / 1000;
  for (int i = 0; i < 40; i++) {
    far_says(s, seq++, 0xff);
    pass_ms(20);
  }
  ck_assert_int_eq(mails_of(MEDIA_GREETING_END), 1);
  ck_assert_int_le(llabs(mail_of(MEDIA_GREETING_END, 0)->at.ms - end), 30);
}
END_TEST

START_TEST(a_session_is_small) { ck_assert_uint_le(sizeof(struct rtp_session), 1024); }
END_TEST

START_TEST(what_every_packet_asks_for_stands_together) {
  ck_assert_uint_le(offsetof(struct rtp_session, tone_left), SESSION_LINE_BYTES);
  ck_assert_uint_eq(offsetof(struct rtp_session, in), 1 * SESSION_LINE_BYTES);
  ck_assert_uint_eq(offsetof(struct rtp_session, out), 2 * SESSION_LINE_BYTES);
  ck_assert_uint_eq(offsetof(struct rtp_session, latch), 3 * SESSION_LINE_BYTES);
  for (int i = 0; i < 2; i++) ck_assert_uint_eq((uintptr_t)&th.arena.sessions[i] % SESSION_LINE_BYTES, 0);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("patience");
  TCase *tc = tcase_create("patience");
  tcase_set_timeout(tc, 60);
  tcase_add_test(tc, a_message_begins_at_its_moment_and_a_voice_stops_it_and_waits_by_the_law);
  tcase_add_test(tc, without_an_ear_no_message_is_begun);
  tcase_add_checked_fixture(tc, setup, teardown);
  tcase_add_loop_test(tc, a_caller_who_says_nothing_is_waited_for_eight_seconds_and_the_legal_wait, 0, 2);
  tcase_add_test(tc, one_who_never_stops_talking_is_waited_for_six_seconds_and_the_legal_wait);
  tcase_add_test(tc, when_no_detector_is_free_the_call_is_a_person_at_once);
  tcase_add_test(tc, a_bridge_gives_the_detector_back);
  tcase_add_test(tc, a_call_without_audio_for_fifteen_seconds_is_dead_once);
  tcase_add_test(tc, a_silent_seat_and_a_call_on_hold_are_not_dead);
  tcase_add_test(tc, taking_back_a_long_hold_begins_the_patience_anew);
  tcase_add_loop_test(tc, a_bridge_is_dead_when_both_are_silent_and_neither_is_on_hold, 0, 3);
  tcase_add_test(tc, a_far_host_that_refuses_our_packets_is_dead);
  tcase_add_test(tc, who_came_before_the_socket_was_connected_is_a_stranger_still);
  tcase_add_test(tc, before_the_answer_nothing_is_sent_and_nobody_is_dead);
  tcase_add_test(tc, reports_are_sent_every_five_seconds_and_those_of_the_far_side_are_read);
  tcase_add_test(tc, digits_beyond_measure_leave_room_for_what_matters);
  tcase_add_test(tc, events_wait_for_a_full_mailbox_and_none_is_lost);
  tcase_add_loop_test(tc, whatever_the_far_side_sends_the_world_goes_on, 0, 2);
  tcase_add_test(tc, a_listener_of_the_newer_internet_works_the_same);
  tcase_add_test(tc, a_longer_way_does_not_make_the_detector_deaf);
  tcase_add_test(tc, a_session_is_small);
  tcase_add_test(tc, what_every_packet_asks_for_stands_together);
  suite_add_tcase(suite, tc);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
