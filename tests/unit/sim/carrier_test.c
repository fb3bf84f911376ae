/* The simulated carrier as a child of its own, called by a dialer that is written out here by hand. */
#include "dialer/base/child.h"
#include "dialer/sim/carrier.h"
#include "tests/support/scratch.h"
#include <arpa/inet.h>
#include <cadencia/err.h>
#include <check.h>
#include <dsp/codec.h>
#include <dsp/wav.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char dir[64];
static pid_t child;
static int pipe_fd, sip;
static uint16_t sip_port, phones_port;

static int64_t now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int udp(uint16_t *port) {
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof here;
  ck_assert_int_eq(bind(fd, (struct sockaddr *)&here, sizeof here), 0);
  getsockname(fd, (struct sockaddr *)&here, &size);
  *port = ntohs(here.sin_port);
  return fd;
}

static void to_port(int fd, uint16_t port, const void *data, size_t n) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  ck_assert_int_eq(sendto(fd, data, n, 0, (struct sockaddr *)&to, sizeof to), (ssize_t)n);
}

static void begin(void) {
  strcpy(dir, scratch_dir());
  char path[200], callees[200];
  int16_t hello[4000] = {0};
  tone_add(hello, 3200, 0, 400, -20);
  snprintf(path, sizeof path, "%s/hello.wav", dir);
  ck_assert_int_eq(wav_write(path, hello, 4000), CAD_OK);
  snprintf(callees, sizeof callees, "%s/c.csv", dir);
  FILE *f = fopen(callees, "w");
  fputs("phone,behaviour,wav,ring_ms,answer_delay_ms,hangup_ms,sip_code\n"
        "101,person,hello.wav,200,100,,\n102,busy,,100,,,\n103,no_answer,,,,,\n104,early_hangup,hello.wav,100,0,400,\n"
        "105,fail,,50,,,608\n106,busy_tone,,50,,300,\n107,silent,,,,,\n108,person,hello.wav,0,0,1500,\n",
        f);
  fclose(f);
  int pair[2];
  ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
  child = fork();
  if (child == 0) {
    dup2(pair[1], CHILD_FD);
    for (int fd = CHILD_FD + 1; fd < 64; fd++) close(fd);
    char *argv[] = {"sim-carrier", "--callees", callees,   "--share",     dir,       "--calls",
                    "64",          "--talk-ms", "600-700", "--wrapup-ms", "200-300", NULL};
    _exit(sim_carrier_main(11, argv));
  }
  close(pair[1]);
  pipe_fd = pair[0];
  struct sim_truth t;
  ck_assert_int_eq(recv(pipe_fd, &t, sizeof t, 0), (ssize_t)sizeof t);
  ck_assert_uint_eq(t.kind, TRUTH_READY);
  sip_port = t.sip_port;
  phones_port = t.phone_port;
  uint16_t own;
  sip = udp(&own);
}

static void end(void) {
  close(sip);
  close(pipe_fd); /* that is its sign to end */
  int status;
  ck_assert_int_eq(waitpid(child, &status, 0), child);
  ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the carrier ended with %x", status);
  scratch_remove();
}

/* A request of the call `id`; to_tag may be "". */
static void request(uint16_t port, const char *method, const char *user, int id, int cseq, const char *to_tag, uint16_t rtp_port) {
  char sdp[300] = "", text[1500];
  if (rtp_port != 0)
    snprintf(sdp, sizeof sdp,
             "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio %u RTP/AVP 0 101\r\n"
             "a=rtpmap:101 telephone-event/8000\r\n",
             rtp_port);
  int n = snprintf(
      text, sizeof text,
      "%s sip:%s@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:9;rport;branch=z9hG4bK%s%d\r\nFrom: <sip:d@127.0.0.1>;tag=1\r\n"
      "To: <sip:%s@127.0.0.1>%s%s\r\nCall-ID: %d@test\r\nCSeq: %d %s\r\nContact: <sip:d@127.0.0.1:9>\r\nContent-Length: %zu\r\n\r\n%s",
      method, user, strcmp(method, "CANCEL") == 0 ? "INVITE" : method, cseq, user, *to_tag != 0 ? ";tag=" : "", to_tag, id, cseq, method,
      strlen(sdp), sdp);
  to_port(sip, port, text, (size_t)n);
}

/* The next message that begins with `start`, within ms; others are passed over. */
static bool await(const char *start, int ms, char *out, size_t size) {
  int64_t until = now_ms() + ms;
  while (now_ms() < until) {
    struct pollfd p = {.fd = sip, .events = POLLIN};
    if (poll(&p, 1, 20) <= 0) continue;
    ssize_t n = recv(sip, out, size - 1, 0);
    out[n < 0 ? 0 : n] = 0;
    if (strncmp(out, start, strlen(start)) == 0) return true;
  }
  return false;
}

static void tag_of(const char *message, char out[64]) {
  const char *to = strstr(message, "\r\nTo: "), *tag = to == NULL ? NULL : strstr(to, ";tag=");
  ck_assert_ptr_nonnull(tag);
  snprintf(out, 64, "%.*s", (int)strcspn(tag + 5, "\r\n;"), tag + 5);
}

static uint16_t rtp_port_of(const char *message) {
  const char *m = strstr(message, "m=audio ");
  ck_assert_ptr_nonnull(m);
  return (uint16_t)atoi(m + 8);
}

static struct sim_truth truth(void) {
  struct sim_truth t = {0};
  struct pollfd p = {.fd = pipe_fd, .events = POLLIN};
  ck_assert_int_eq(poll(&p, 1, 3000), 1);
  ck_assert_int_eq(recv(pipe_fd, &t, sizeof t, 0), (ssize_t)sizeof t);
  return t;
}

START_TEST(a_busy_number_is_486_until_it_is_acknowledged_and_the_truth_says_so) {
  char m[4096], tag[64];
  request(sip_port, "INVITE", "102", 71, 1, "", 5000);
  ck_assert(await("SIP/2.0 486", 2000, m, sizeof m));
  ck_assert_msg(await("SIP/2.0 486", 2000, m, sizeof m), "a final response without ACK must come again");
  tag_of(m, tag);
  request(sip_port, "ACK", "102", 71, 1, tag, 0);
  ck_assert(!await("SIP/2.0 486", 1500, m, sizeof m));
  struct sim_truth t = truth();
  ck_assert_uint_eq(t.attempt, 71);
  ck_assert_int_eq(t.behaviour, CALLEE_BUSY);
  ck_assert_uint_eq(t.sip_code, 486);
  ck_assert_int_eq(t.answered_ms, 0);
}
END_TEST

START_TEST(a_ringing_call_that_is_cancelled_ends_with_487) {
  char m[4096], tag[64];
  request(sip_port, "INVITE", "103", 72, 1, "", 5000);
  ck_assert(await("SIP/2.0 180", 2000, m, sizeof m));
  tag_of(m, tag);
  request(sip_port, "CANCEL", "103", 72, 1, "", 0);
  ck_assert(await("SIP/2.0 200", 1000, m, sizeof m));
  ck_assert(await("SIP/2.0 487", 1000, m, sizeof m));
  request(sip_port, "ACK", "103", 72, 1, tag, 0);
  struct sim_truth t = truth();
  ck_assert_int_eq(t.end, TRUTH_END_CANCELLED);
  ck_assert_int_eq(t.answered_ms, 0);
}
END_TEST

START_TEST(an_invite_that_comes_twice_is_one_call_and_gets_the_last_response_again) {
  char m[4096];
  request(sip_port, "INVITE", "103", 73, 1, "", 5000);
  ck_assert(await("SIP/2.0 180", 2000, m, sizeof m));
  request(sip_port, "INVITE", "103", 73, 1, "", 5000);
  ck_assert(await("SIP/2.0 180", 300, m, sizeof m));
}
END_TEST

START_TEST(any_sip_code_can_be_asked_for_and_an_unlisted_number_does_not_exist) {
  char m[4096];
  request(sip_port, "INVITE", "105", 74, 1, "", 5000);
  ck_assert(await("SIP/2.0 608", 1000, m, sizeof m));
  request(sip_port, "INVITE", "999", 75, 1, "", 5000);
  ck_assert(await("SIP/2.0 404", 1000, m, sizeof m));
  request(sip_port, "INVITE", "107", 76, 1, "", 5000);
  while (await("SIP/2.0", 600, m, sizeof m)) ck_assert_ptr_null(strstr(m, "Call-ID: 76@"));
}
END_TEST

START_TEST(a_busy_tone_comes_in_early_media_before_the_486) {
  char m[4096];
  uint16_t port;
  int rtp = udp(&port);
  request(sip_port, "INVITE", "106", 77, 1, "", port);
  ck_assert(await("SIP/2.0 183", 1000, m, sizeof m));
  ck_assert_ptr_nonnull(strstr(m, "m=audio "));
  struct pollfd p = {.fd = rtp, .events = POLLIN};
  ck_assert_int_eq(poll(&p, 1, 500), 1);
  ck_assert(await("SIP/2.0 486", 1000, m, sizeof m));
  close(rtp);
}
END_TEST

START_TEST(a_person_who_hangs_up_sends_bye_until_it_is_answered) {
  char m[4096], tag[64];
  request(sip_port, "INVITE", "104", 78, 1, "", 5000);
  ck_assert(await("SIP/2.0 200", 1000, m, sizeof m));
  tag_of(m, tag);
  request(sip_port, "ACK", "104", 78, 1, tag, 0);
  ck_assert(await("BYE sip:d@127.0.0.1:9 SIP/2.0", 1500, m, sizeof m));
  ck_assert(await("BYE ", 1500, m, sizeof m));
  char *headers = strstr(m, "\r\n"), ok[4200];
  snprintf(ok, sizeof ok, "SIP/2.0 200 OK%s", headers);
  to_port(sip, sip_port, ok, strlen(ok));
  ck_assert(!await("BYE ", 1500, m, sizeof m));
  struct sim_truth t = truth();
  ck_assert_int_eq(t.end, TRUTH_END_CALLEE);
  ck_assert_int_eq(t.behaviour, CALLEE_EARLY_HANGUP);
  ck_assert_int_ge(t.ended_ms - t.answered_ms, 390);
}
END_TEST

static size_t take(int fd, uint8_t *p, size_t size) {
  ssize_t n = recv(fd, p, size, MSG_DONTWAIT);
  return n < 0 ? 0 : (size_t)n;
}

/* Joins a callee and an agent's phone as a dialer would, and watches what both say. */
START_TEST(two_ends_that_hear_each_other_are_stamped_and_the_agent_hangs_up_by_star_and_disposes_by_digit) {
  char m[4096], tag[64], seat_tag[64];
  uint16_t customer_here, agent_here;
  int customer = udp(&customer_here), agent = udp(&agent_here);
  request(phones_port, "INVITE", "agent01", 80, 1, "", agent_here);
  ck_assert(await("SIP/2.0 200", 1000, m, sizeof m));
  tag_of(m, seat_tag);
  uint16_t agent_port = rtp_port_of(m);
  request(phones_port, "ACK", "agent01", 80, 1, seat_tag, 0);
  request(sip_port, "INVITE", "101", 79, 1, "", customer_here);
  ck_assert(await("SIP/2.0 200", 1500, m, sizeof m));
  tag_of(m, tag);
  uint16_t customer_port = rtp_port_of(m);
  request(sip_port, "ACK", "101", 79, 1, tag, 0);
  int64_t answered = now_ms(), bridged = 0, star = 0, digit = 0;
  bool hung_up = false;
  while (now_ms() < answered + 6000 && digit == 0) {
    uint8_t p[400];
    size_t n;
    struct pollfd both[2] = {{.fd = customer, .events = POLLIN}, {.fd = agent, .events = POLLIN}};
    poll(both, 2, 20);
    bool joined = now_ms() > answered + 1000 && !hung_up;
    if (joined && bridged == 0) bridged = now_ms();
    while ((n = take(customer, p, sizeof p)) > 0)
      if (joined) to_port(agent, agent_port, p, n);
    while ((n = take(agent, p, sizeof p)) > 0) {
      if ((p[1] & 0x7f) == 101) {
        if (p[12] == 10 && star == 0) star = now_ms();
        if (p[12] < 10 && star != 0) digit = now_ms();
        continue;
      }
      if (joined) to_port(customer, customer_port, p, n);
    }
    if (star != 0 && !hung_up) {
      request(sip_port, "BYE", "101", 79, 2, tag, 0);
      hung_up = true;
    }
  }
  ck_assert_msg(star != 0, "the agent never pressed *");
  ck_assert_int_ge(star - bridged, 550);
  ck_assert_msg(digit > star, "the agent never pressed a disposition");
  struct sim_truth t = truth();
  ck_assert_uint_eq(t.attempt, 79);
  ck_assert_int_eq(t.end, TRUTH_END_DIALER);
  ck_assert_uint_eq(t.agent, 1);
  ck_assert_int_eq(t.message_ms, 0);
  ck_assert_int_eq(t.greeting_end_ms - t.answered_ms, 100 + 400);
  ck_assert_int_ge(t.callee_heard_ms, bridged - 5);
  ck_assert_int_le(t.callee_heard_ms, bridged + 150);
  ck_assert_int_ge(t.agent_heard_ms, t.callee_heard_ms - 25);
  ck_assert_int_le(t.agent_heard_ms, t.callee_heard_ms + 100);
  close(customer);
  close(agent);
}
END_TEST

START_TEST(a_person_who_hears_a_message_is_no_person_who_hears_an_agent) {
  char m[4096], tag[64];
  uint16_t here;
  int rtp = udp(&here);
  request(sip_port, "INVITE", "108", 81, 1, "", here);
  ck_assert(await("SIP/2.0 200", 1000, m, sizeof m));
  tag_of(m, tag);
  uint16_t port = rtp_port_of(m);
  request(sip_port, "ACK", "108", 81, 1, tag, 0);
  int16_t speech[160];
  uint32_t state = 4;
  for (uint16_t i = 0; i < 60; i++) {
    uint8_t p[172] = {0x80, 0, (uint8_t)(i >> 8), (uint8_t)i};
    memset(speech, 0, sizeof speech);
    noise_add(speech, 160, &state, -20);
    codec_encode(0, speech, 160, p + 12);
    to_port(rtp, port, p, sizeof p);
    usleep(20000);
  }
  ck_assert(await("BYE ", 1500, m, sizeof m));
  struct sim_truth t = truth();
  ck_assert_int_ne(t.message_ms, 0);
  ck_assert_int_eq(t.callee_heard_ms, 0);
  ck_assert_uint_ge(t.rtp_received, 55);
  close(rtp);
}
END_TEST

START_TEST(garbage_at_the_sip_ports_does_no_harm) {
  char m[4096];
  uint32_t x = 5;
  for (int i = 0; i < 3000; i++) {
    uint8_t noise[300];
    for (size_t k = 0; k < sizeof noise; k++) noise[k] = (uint8_t)((x = x * 1664525u + 1013904223u) >> 24);
    if (i % 3 == 0) memcpy(noise, "INVITE sip:101@x SIP/2.0\r\nVia: x\r\nCall-ID: \r\n", 46);
    to_port(sip, i % 2 ? sip_port : phones_port, noise, sizeof noise);
  }
  request(sip_port, "OPTIONS", "101", 82, 1, "", 0);
  ck_assert(await("SIP/2.0 200", 3000, m, sizeof m));
}
END_TEST

int main(void) {
  Suite *suite = suite_create("carrier");
  TCase *c = tcase_create("carrier");
  tcase_add_checked_fixture(c, begin, end);
  tcase_set_timeout(c, 60);
  tcase_add_test(c, a_busy_number_is_486_until_it_is_acknowledged_and_the_truth_says_so);
  tcase_add_test(c, a_ringing_call_that_is_cancelled_ends_with_487);
  tcase_add_test(c, an_invite_that_comes_twice_is_one_call_and_gets_the_last_response_again);
  tcase_add_test(c, any_sip_code_can_be_asked_for_and_an_unlisted_number_does_not_exist);
  tcase_add_test(c, a_busy_tone_comes_in_early_media_before_the_486);
  tcase_add_test(c, a_person_who_hangs_up_sends_bye_until_it_is_answered);
  tcase_add_test(c, two_ends_that_hear_each_other_are_stamped_and_the_agent_hangs_up_by_star_and_disposes_by_digit);
  tcase_add_test(c, a_person_who_hears_a_message_is_no_person_who_hears_an_agent);
  tcase_add_test(c, garbage_at_the_sip_ports_does_no_harm);
  suite_add_tcase(suite, c);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed != 0;
}
