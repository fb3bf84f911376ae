/* The far end's SIP and SDP, as text. */
#include "dialer/sim/sip_text.h"
#include <arpa/inet.h>
#include <cadencia/err.h>
#include <check.h>
#include <stdlib.h>
#include <string.h>

static const char INVITE[] = "INVITE sip:+12025550123@127.0.0.1:5070 SIP/2.0\r\n"
                             "Via: SIP/2.0/UDP 127.0.0.1:5060;rport;branch=z9hG4bK1\r\n"
                             "v: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK0\r\n"
                             "Record-Route: <sip:10.0.0.1;lr>\r\n"
                             "From: \"A;tag=no\" <sip:a@127.0.0.1>;tag=77\r\n"
                             "To: <sip:+12025550123@127.0.0.1>\r\n"
                             "Call-ID: 12345@cadencia\r\nCSeq: 7 INVITE\r\nContact: <sip:d@127.0.0.1:5060;transport=udp>\r\n"
                             "Content-Length: 4\r\n\r\nbodyEXTRA";

START_TEST(an_invite_is_read_with_both_forms_of_header_names) {
  struct sip_text m;
  ck_assert_int_eq(sip_text_parse(INVITE, sizeof INVITE - 1, &m), CAD_OK);
  ck_assert(span_is(m.method, "INVITE"));
  ck_assert_uint_eq(m.via_count, 2);
  ck_assert_uint_eq(m.route_count, 1);
  ck_assert_uint_eq(m.cseq, 7);
  ck_assert(span_is(m.body, "body"));
  ck_assert(span_is(span_param(m.from, "tag"), "77"));
  ck_assert(span_is(span_uri(m.contact), "sip:d@127.0.0.1:5060;transport=udp"));
  ck_assert_uint_eq(span_digits(span_user(m.uri)), 12025550123u);
}
END_TEST

START_TEST(every_cut_of_an_invite_is_an_error_and_never_read_beyond) {
  size_t headers = (size_t)(strstr(INVITE, "\r\n\r\n") - INVITE) + 4 + 4;
  for (size_t n = 0; n < headers; n++) {
    char *exact = malloc(n + 1); /* so that the sanitizer sees a step too far */
    memcpy(exact, INVITE, n);
    struct sip_text m;
    ck_assert_int_eq(sip_text_parse(exact, n, &m), CAD_EFORMAT);
    free(exact);
  }
}
END_TEST

START_TEST(changed_bytes_do_no_harm) {
  uint32_t x = 1;
  for (int round = 0; round < 20000; round++) {
    char copy[sizeof INVITE];
    memcpy(copy, INVITE, sizeof copy);
    for (int k = 0; k < 4; k++) {
      x = x * 1664525u + 1013904223u;
      copy[(x >> 8) % (sizeof copy - 1)] = (char)(x >> 24);
    }
    struct sip_text m;
    if (sip_text_parse(copy, sizeof copy - 1, &m) < 0) continue;
    struct sip_out o;
    sip_out_start(&o);
    struct sockaddr_in source = {.sin_family = AF_INET};
    sip_out_vias(&o, &m, &source);
    (void)span_digits(span_user(m.uri));
    (void)span_param(m.to, "tag");
  }
}
END_TEST

START_TEST(a_response_fills_rport_and_received_of_the_top_via_only) {
  struct sip_text m;
  ck_assert_int_eq(sip_text_parse(INVITE, sizeof INVITE - 1, &m), CAD_OK);
  struct sockaddr_in source = {.sin_family = AF_INET, .sin_port = htons(4242)};
  inet_pton(AF_INET, "127.0.0.9", &source.sin_addr);
  struct sip_out o;
  sip_out_start(&o);
  sip_out_vias(&o, &m, &source);
  ck_assert_str_eq(o.text, "Via: SIP/2.0/UDP 127.0.0.1:5060;rport=4242;received=127.0.0.9;branch=z9hG4bK1\r\n"
                           "Via: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK0\r\n");
}
END_TEST

START_TEST(a_message_that_does_not_fit_is_marked) {
  struct sip_out o;
  sip_out_start(&o);
  for (int i = 0; i < 600; i++) sip_out_add(&o, "0123456789");
  ck_assert(o.over);
  ck_assert_uint_lt(o.n, sizeof o.text);
}
END_TEST

START_TEST(an_offer_is_read_and_our_answer_can_be_read_again) {
  static const char offer[] = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
                              "m=audio 20000 RTP/AVP 8 0 101\r\na=rtpmap:101 telephone-event/8000\r\na=sendonly\r\n"
                              "m=video 30000 RTP/AVP 96\r\nc=IN IP4 9.9.9.9\r\n";
  struct sdp_text s;
  ck_assert_int_eq(sdp_text_parse((struct span){offer, sizeof offer - 1}, &s), CAD_OK);
  ck_assert_uint_eq(s.port, 20000);
  ck_assert_uint_eq(s.first, 8);
  ck_assert(s.pcmu && s.pcma && s.send && !s.receive);
  ck_assert_int_eq(s.event_pt, 101);
  ck_assert_uint_eq(ntohl(s.host.s_addr), 0x7f000001u);
  char answer[512];
  sdp_text_write(answer, sizeof answer, "127.0.0.1", 40000, 8, 101, 1, "recvonly");
  ck_assert_int_eq(sdp_text_parse((struct span){answer, strlen(answer)}, &s), CAD_OK);
  ck_assert(!s.pcmu && s.pcma && !s.send && s.receive);
  ck_assert_int_eq(s.event_pt, 101);
}
END_TEST

START_TEST(an_sdp_without_an_audio_line_or_address_is_refused) {
  static const char *const bad[] = {"",
                                    "v=0\r\n",
                                    "m=audio 20000 RTP/AVP 0\r\n",
                                    "c=IN IP4 127.0.0.1\r\n",
                                    "c=IN IP4 1.2.3\r\nm=audio 1 RTP/AVP 0\r\n",
                                    "c=IN IP6 ::1\r\nm=audio 1 RTP/AVP 0\r\n",
                                    "c=IN IP4 127.0.0.1\r\nm=audio 70000 RTP/AVP 0\r\n"};
  struct sdp_text s;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    ck_assert_int_eq(sdp_text_parse((struct span){bad[i], strlen(bad[i])}, &s), CAD_EFORMAT);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("sip_text");
  TCase *c = tcase_create("text");
  tcase_add_test(c, an_invite_is_read_with_both_forms_of_header_names);
  tcase_add_test(c, every_cut_of_an_invite_is_an_error_and_never_read_beyond);
  tcase_add_test(c, changed_bytes_do_no_harm);
  tcase_add_test(c, a_response_fills_rport_and_received_of_the_top_via_only);
  tcase_add_test(c, a_message_that_does_not_fit_is_marked);
  tcase_add_test(c, an_offer_is_read_and_our_answer_can_be_read_again);
  tcase_add_test(c, an_sdp_without_an_audio_line_or_address_is_refused);
  suite_add_tcase(suite, c);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed != 0;
}
