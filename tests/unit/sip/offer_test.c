/* Our SDP, and what strangers' SDP may do to us: nothing. */
#include "dialer/sip/offer.h"
#include <cadencia/err.h>
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct offer_local US = {
    .addr = "192.0.2.1", .family = 4, .port = 20000, .codecs = {CODEC_PCMU, CODEC_PCMA}, .codec_count = 2, .session_id = 77, .version = 1};

#define HEAD "v=0\r\no=far 5 6 IN IP4 198.51.100.7\r\ns=-\r\n"
#define CONN "c=IN IP4 198.51.100.7\r\n"
#define TIME "t=0 0\r\n"
#define AUDIO "m=audio 30000 RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\n"

static int parse(const char *sdp, struct media_desc *d) { return offer_parse(&US, sdp, strlen(sdp), d); }

START_TEST(an_offer_is_written_as_the_trunk_wants_it) {
  char out[OFFER_TEXT_MAX];
  struct offer_local us = US;
  us.codecs[0] = CODEC_PCMA;
  us.codecs[1] = CODEC_PCMU;
  ck_assert_int_gt(offer_write(&us, out, sizeof out), 0);
  ck_assert_str_eq(out, "v=0\r\no=- 77 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 20000 RTP/AVP 8 0 101\r\n"
                        "a=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\n"
                        "a=ptime:20\r\na=sendrecv\r\n");
}
END_TEST

START_TEST(an_ipv6_offer_says_so) {
  char out[OFFER_TEXT_MAX];
  struct offer_local us = US;
  us.addr = "2001:db8::1";
  us.family = 6;
  offer_write(&us, out, sizeof out);
  ck_assert_ptr_nonnull(strstr(out, "c=IN IP6 2001:db8::1\r\n"));
}
END_TEST

START_TEST(our_own_offer_reads_back) {
  char out[OFFER_TEXT_MAX];
  struct media_desc d;
  offer_write(&US, out, sizeof out);
  ck_assert_int_eq(parse(out, &d), CAD_OK);
  ck_assert_int_eq(d.family, 4);
  ck_assert_mem_eq(d.addr, "\xc0\x00\x02\x01", 4);
  ck_assert_uint_eq(d.port, 20000);
  ck_assert_uint_eq(d.event_pt, 101);
  ck_assert_uint_eq(d.ptime_ms, 20);
  ck_assert_uint_eq(d.dir, MEDIA_SENDRECV);
}
END_TEST

START_TEST(too_little_room_is_an_error_and_writes_no_further) {
  char out[OFFER_TEXT_MAX];
  for (size_t size = 1; size < 200; size += 7) {
    memset(out, 'x', sizeof out);
    ck_assert_int_eq(offer_write(&US, out, size), CAD_EFULL);
    ck_assert_int_eq(out[size], 'x');
  }
}
END_TEST

START_TEST(an_answer_is_read) {
  struct media_desc d;
  ck_assert_int_eq(parse(HEAD CONN TIME "m=audio 30000 RTP/AVP 8 0 97\r\na=rtpmap:97 telephone-event/8000\r\na=ptime:30\r\n", &d), CAD_OK);
  ck_assert_uint_eq(d.codec, CODEC_PCMA); /* the far side's first */
  ck_assert_uint_eq(d.event_pt, 97);
  ck_assert_uint_eq(d.ptime_ms, 30);
  ck_assert_mem_eq(d.addr, "\xc6\x33\x64\x07", 4);
  ck_assert_int_eq(parse(HEAD CONN TIME "m=audio 30000 RTP/AVP 0\r\n", &d), CAD_OK);
  ck_assert_uint_eq(d.event_pt, 0);
  ck_assert_int_eq(parse(HEAD TIME AUDIO CONN, &d), CAD_OK); /* c= in the stream only */
  ck_assert_int_eq(parse(HEAD CONN TIME "m=audio 30000 RTP/AVP 0\r\nc=IN IP4 203.0.113.9\r\n", &d), CAD_OK);
  ck_assert_mem_eq(d.addr, "\xcb\x00\x71\x09", 4); /* the stream's own address wins */
}
END_TEST

START_TEST(directions_are_as_the_far_side_says_them) {
  struct media_desc d;
  static const struct {
    const char *sdp;
    enum media_dir dir;
  } T[] = {
      {HEAD CONN TIME AUDIO "a=sendonly\r\n", MEDIA_SENDONLY},  {HEAD CONN TIME AUDIO "a=recvonly\r\n", MEDIA_RECVONLY},
      {HEAD CONN TIME AUDIO "a=inactive\r\n", MEDIA_INACTIVE},  {HEAD CONN TIME "a=sendonly\r\n" AUDIO, MEDIA_SENDONLY},
      {HEAD "c=IN IP4 0.0.0.0\r\n" TIME AUDIO, MEDIA_SENDONLY}, {HEAD "c=IN IP4 0.0.0.0\r\n" TIME AUDIO "a=recvonly\r\n", MEDIA_INACTIVE}};
  for (size_t i = 0; i < sizeof T / sizeof T[0]; i++) {
    ck_assert_int_eq(parse(T[i].sdp, &d), CAD_OK);
    ck_assert_msg(d.dir == T[i].dir, "case %zu: %d", i, d.dir);
  }
}
END_TEST

START_TEST(what_we_cannot_use_is_refused) {
  static const char *const T[] = {
      HEAD CONN TIME "m=audio 0 RTP/AVP 0\r\n",                               /* refused stream */
      HEAD CONN TIME "m=audio 30000 RTP/AVP 18\r\n",                          /* G.729 */
      HEAD CONN TIME "m=audio 30000 RTP/AVP 96\r\na=rtpmap:96 PCMU/8000\r\n", /* our codec under a strange number */
      HEAD CONN TIME "m=audio 30000 RTP/AVP 101\r\na=rtpmap:101 telephone-event/8000\r\n",
      HEAD CONN TIME "m=audio 30000 RTP/SAVP 0\r\n", /* encrypted */
      HEAD CONN TIME "m=audio 30000 UDP/TLS/RTP/SAVPF 0\r\n",
      HEAD CONN TIME "m=video 30000 RTP/AVP 0\r\n",
      HEAD CONN TIME "m=image 30000 udptl t38\r\n",
      HEAD CONN TIME,                                 /* no stream at all */
      HEAD "c=IN IP4 224.1.2.3\r\n" TIME AUDIO,       /* multicast */
      HEAD "c=IN IP4 255.255.255.255\r\n" TIME AUDIO, /* broadcast */
      HEAD "c=IN IP4 0.1.2.3\r\n" TIME AUDIO,
      HEAD "c=IN IP6 2001:db8::9\r\n" TIME AUDIO,       /* not our family */
      HEAD "c=IN IP4 media.example.com\r\n" TIME AUDIO, /* a name */
      HEAD "c=IN IP4 1.2.3\r\n" TIME AUDIO,
      HEAD "c=IN IP4 1.2.3.4.5\r\n" TIME AUDIO,
      HEAD CONN TIME "m=audio 70000 RTP/AVP 0\r\n",
      HEAD CONN TIME "m=audio 99999999999999999999 RTP/AVP 0\r\n",
      HEAD CONN TIME "m=audio -5 RTP/AVP 0\r\n",
      HEAD CONN TIME "m=audio 30000 RTP/AVP 0\r\na=rtpmap:0 G726-32/8000\r\n", /* 0 said to be something else */
  };
  for (size_t i = 0; i < sizeof T / sizeof T[0]; i++) {
    struct media_desc d = {.port = 1};
    int rc = parse(T[i], &d);
    ck_assert_msg(rc == CAD_ENOSUP || rc == CAD_EFORMAT, "case %zu gives %d", i, rc);
    ck_assert_uint_eq(d.port, 1); /* untouched on failure */
  }
}
END_TEST

START_TEST(a_codec_that_we_did_not_offer_is_not_taken) {
  struct media_desc d;
  struct offer_local us = US;
  us.codecs[0] = CODEC_PCMA;
  us.codec_count = 1;
  const char *sdp = HEAD CONN TIME "m=audio 30000 RTP/AVP 0 8\r\n";
  ck_assert_int_eq(offer_parse(&us, sdp, strlen(sdp), &d), CAD_OK);
  ck_assert_uint_eq(d.codec, CODEC_PCMA);
  sdp = HEAD CONN TIME "m=audio 30000 RTP/AVP 0\r\n";
  ck_assert_int_eq(offer_parse(&us, sdp, strlen(sdp), &d), CAD_ENOSUP);
}
END_TEST

START_TEST(odd_values_fall_back_to_what_is_usual) {
  static const char *const PTIMES[] = {"a=ptime:0\r\n",   "a=ptime:200\r\n", "a=ptime:-20\r\n",
                                       "a=ptime:abc\r\n", "a=ptime\r\n",     "a=ptime:25\r\n"};
  char sdp[1024];
  struct media_desc d;
  for (size_t i = 0; i < sizeof PTIMES / sizeof PTIMES[0]; i++) {
    snprintf(sdp, sizeof sdp, "%s%s", HEAD CONN TIME AUDIO, PTIMES[i]);
    ck_assert_int_eq(parse(sdp, &d), CAD_OK);
    ck_assert_uint_eq(d.ptime_ms, 20);
  }
  ck_assert_int_eq(parse(HEAD CONN TIME "m=audio 30000 RTP/AVP 0 13\r\na=rtpmap:13 telephone-event/8000\r\n", &d), CAD_OK);
  ck_assert_uint_eq(d.event_pt, 0); /* a static number is no place for events */
}
END_TEST

START_TEST(malformed_text_is_an_error) {
  static const char *const T[] = {"",
                                  "\r\n",
                                  "hello",
                                  "v=1\r\n",
                                  "v=0",
                                  "v=0\r\n",
                                  "m=audio 1 RTP/AVP 0\r\n",
                                  HEAD,
                                  "v=0\r\no=\r\ns=\r\n",
                                  "v=0\r\no=far x y IN IP4 1.2.3.4\r\ns=-\r\nt=0 0\r\n=\r\n",
                                  "<?xml version=\"1.0\"?><x/>"};
  for (size_t i = 0; i < sizeof T / sizeof T[0]; i++) {
    struct media_desc d;
    ck_assert_msg(parse(T[i], &d) < 0, "case %zu", i);
  }
}
END_TEST

START_TEST(length_and_zero_bytes_are_bounded) {
  struct media_desc d;
  static char big[OFFER_PARSE_MAX + 2];
  size_t n = (size_t)snprintf(big, sizeof big, "%s", HEAD CONN TIME AUDIO);
  while (n + 8 < sizeof big) n += (size_t)snprintf(big + n, sizeof big - n, "a=x:y\r\n");
  ck_assert_int_eq(offer_parse(&US, big, n, &d), CAD_OK);
  memset(big + n, ' ', sizeof big - n);
  ck_assert_int_eq(offer_parse(&US, big, OFFER_PARSE_MAX + 1, &d), CAD_EFORMAT);
  const char zero[] = HEAD CONN "\0" TIME AUDIO;
  ck_assert_int_eq(offer_parse(&US, zero, sizeof zero - 1, &d), CAD_EFORMAT);
}
END_TEST

START_TEST(many_streams_and_formats_are_bounded) {
  static char sdp[OFFER_PARSE_MAX];
  struct media_desc d;
  size_t n = (size_t)snprintf(sdp, sizeof sdp, "%s", HEAD CONN TIME);
  for (int i = 0; i < 60; i++) n += (size_t)snprintf(sdp + n, sizeof sdp - n, "m=video 4000 RTP/AVP 99\r\n");
  snprintf(sdp + n, sizeof sdp - n, "%s", AUDIO);
  ck_assert_int_eq(parse(sdp, &d), CAD_ENOSUP); /* beyond the streams that we look at */
  n = (size_t)snprintf(sdp, sizeof sdp, "%sm=audio 30000 RTP/AVP", HEAD CONN TIME);
  for (int i = 0; i < 500; i++) n += (size_t)snprintf(sdp + n, sizeof sdp - n, " %d", 20 + i % 70);
  snprintf(sdp + n, sizeof sdp - n, " 0\r\n");
  ck_assert_int_ne(parse(sdp, &d), CAD_EFULL); /* any verdict, no crash */
}
END_TEST

START_TEST(damaged_text_never_gives_a_description_out_of_range) {
  static const char SEED[] = HEAD CONN TIME AUDIO "a=ptime:20\r\na=sendrecv\r\n";
  char sdp[sizeof SEED + 32];
  unsigned rng = 12345, good = 0;
  for (int round = 0; round < 60000; round++) {
    size_t n = sizeof SEED - 1;
    memcpy(sdp, SEED, n);
    for (int k = 0; k < 1 + round % 4; k++) {
      rng = rng * 1103515245U + 12345U;
      size_t at = (rng >> 8) % n;
      switch (rng >> 28 & 3) {
      case 0: sdp[at] = (char)(rng >> 16); break;
      case 1:
        if (n > 1) memmove(sdp + at, sdp + at + 1, --n - at);
        break;
      case 2: sdp[at] = "0123456789 \r\n=:/"[rng >> 20 & 15]; break;
      default: n = at ? at : 1; break;
      }
    }
    struct media_desc d = {0};
    if (offer_parse(&US, sdp, n, &d) != CAD_OK) continue;
    good++;
    ck_assert_uint_eq(d.family, 4);
    ck_assert_uint_ne(d.port, 0);
    ck_assert(d.codec == CODEC_PCMU || d.codec == CODEC_PCMA);
    ck_assert(d.event_pt == 0 || (d.event_pt >= 96 && d.event_pt <= 127));
    ck_assert(d.ptime_ms >= 10 && d.ptime_ms <= 60 && d.dir <= MEDIA_INACTIVE && d.addr[0] < 224);
  }
  ck_assert_uint_gt(good, 1000); /* the damage left some of them whole */
}
END_TEST

START_TEST(an_answer_mirrors_the_offer) {
  char out[OFFER_TEXT_MAX];
  struct media_desc d;
  const char *offer = HEAD CONN TIME "m=video 4000 RTP/AVP 99 98\r\na=rtpmap:99 H264/90000\r\n"
                                     "m=audio 30000 RTP/AVP 18 8 0 96\r\na=rtpmap:96 telephone-event/8000\r\na=sendonly\r\n"
                                     "m=image 5000 udptl t38\r\n";
  int n = offer_answer(&US, offer, strlen(offer), &d, out, sizeof out);
  ck_assert_int_eq(n, (int)strlen(out));
  ck_assert_uint_eq(d.codec, CODEC_PCMA);
  ck_assert_uint_eq(d.dir, MEDIA_SENDONLY);
  const char *video = strstr(out, "m=video 0 RTP/AVP 99"), *audio = strstr(out, "m=audio 20000 RTP/AVP 8 96\r\n"),
             *image = strstr(out, "m=image 0 udptl t38\r\n");
  ck_assert_ptr_nonnull(video);
  ck_assert_ptr_nonnull(audio);
  ck_assert_ptr_nonnull(image);
  ck_assert(video < audio && audio < image); /* streams keep their places */
  ck_assert_ptr_nonnull(strstr(out, "a=recvonly\r\n"));
  ck_assert_int_eq(offer_parse(&US, out, (size_t)n, &d), CAD_OK); /* and it is SDP */
}
END_TEST

START_TEST(an_answer_that_does_not_fit_is_refused) {
  char out[150];
  struct media_desc d = {.port = 9};
  const char *offer = HEAD CONN TIME AUDIO;
  ck_assert_int_eq(offer_answer(&US, offer, strlen(offer), &d, out, sizeof out), CAD_EFULL);
  ck_assert_uint_eq(d.port, 9);
}
END_TEST

/* Each of these once stood in the way of a parser: it must come back, and say no. */
START_TEST(media_lines_that_trap_parsers_return) {
  static const char *const T[] = {HEAD CONN TIME "m=audio 30000 RT:/AVP 0 101\r\n",
                                  HEAD CONN TIME "m=audio 30000 UDP : : :\r\n",
                                  HEAD CONN TIME "m=audio 30000 RTP/AVP \r\n",
                                  HEAD CONN TIME "m=\r\n",
                                  HEAD CONN TIME "m=audio\r\n",
                                  HEAD CONN TIME "m=audio 30000/ RTP/AVP 0\r\n",
                                  HEAD CONN TIME "m=audio:x 30000 RTP/AVP 0\r\n",
                                  HEAD CONN TIME "m=audiooooooooooooooooooooooooooooooooooooooooooo 30000 RTP/AVP 0\r\n"};
  for (size_t i = 0; i < sizeof T / sizeof T[0]; i++) {
    struct media_desc d;
    char out[OFFER_TEXT_MAX];
    ck_assert_msg(parse(T[i], &d) < 0, "case %zu", i);
    ck_assert_int_lt(offer_answer(&US, T[i], strlen(T[i]), &d, out, sizeof out), 0);
  }
}
END_TEST

START_TEST(only_line_feeds_and_trailing_spaces_are_read_too) {
  struct media_desc d;
  ck_assert_int_eq(parse("v=0\no=x 1 1 IN IP4 198.51.100.7\ns=-\nc=IN IP4 198.51.100.7 \nt=0 0\nm=audio 30000 RTP/AVP 8\na=recvonly ", &d),
                   CAD_OK);
  ck_assert_uint_eq(d.codec, CODEC_PCMA);
  ck_assert_uint_eq(d.dir, MEDIA_RECVONLY);
}
END_TEST

START_TEST(early_descriptions_are_kept_by_tag) {
  struct early_media early = {0};
  ck_assert_ptr_null(early_find(&early, "a"));
  for (uint16_t i = 0; i < 9; i++) {
    char tag[8];
    snprintf(tag, sizeof tag, "t%u", i);
    early_keep(&early, tag, &(struct media_desc){.port = (uint16_t)(100 + i)});
    early_keep(&early, tag, &(struct media_desc){.port = (uint16_t)(200 + i)});
    ck_assert_uint_eq(early_find(&early, tag)->port, 200 + i); /* the last one counts */
  }
  for (uint16_t i = 0; i < 9; i++) {
    char tag[8];
    snprintf(tag, sizeof tag, "t%u", i);
    if (i < 5)
      ck_assert_ptr_null(early_find(&early, tag)); /* only the last four */
    else
      ck_assert_uint_eq(early_find(&early, tag)->port, 200 + i);
  }
  early_keep(&early, "", &(struct media_desc){.port = 7}); /* a reply without a tag */
  ck_assert_uint_eq(early_find(&early, "")->port, 7);
}
END_TEST

START_TEST(loopback_is_known) {
  ck_assert(offer_is_loopback(&(struct media_desc){.family = 4, .addr = {127, 9, 9, 9}}));
  ck_assert(!offer_is_loopback(&(struct media_desc){.family = 4, .addr = {128, 0, 0, 1}}));
  ck_assert(offer_is_loopback(&(struct media_desc){.family = 6, .addr = {[15] = 1}}));
  ck_assert(!offer_is_loopback(&(struct media_desc){.family = 6, .addr = {[0] = 0x20, [15] = 1}}));
  ck_assert(!offer_is_loopback(&(struct media_desc){0}));
}
END_TEST

int main(void) {
  Suite *s = suite_create("sip offer");
  TCase *c = tcase_create("offer");
  tcase_set_timeout(c, 60);
  tcase_add_test(c, an_offer_is_written_as_the_trunk_wants_it);
  tcase_add_test(c, an_ipv6_offer_says_so);
  tcase_add_test(c, our_own_offer_reads_back);
  tcase_add_test(c, too_little_room_is_an_error_and_writes_no_further);
  tcase_add_test(c, an_answer_is_read);
  tcase_add_test(c, directions_are_as_the_far_side_says_them);
  tcase_add_test(c, what_we_cannot_use_is_refused);
  tcase_add_test(c, a_codec_that_we_did_not_offer_is_not_taken);
  tcase_add_test(c, odd_values_fall_back_to_what_is_usual);
  tcase_add_test(c, malformed_text_is_an_error);
  tcase_add_test(c, length_and_zero_bytes_are_bounded);
  tcase_add_test(c, many_streams_and_formats_are_bounded);
  tcase_add_test(c, damaged_text_never_gives_a_description_out_of_range);
  tcase_add_test(c, an_answer_mirrors_the_offer);
  tcase_add_test(c, an_answer_that_does_not_fit_is_refused);
  tcase_add_test(c, media_lines_that_trap_parsers_return);
  tcase_add_test(c, only_line_feeds_and_trailing_spaces_are_read_too);
  tcase_add_test(c, early_descriptions_are_kept_by_tag);
  tcase_add_test(c, loopback_is_known);
  suite_add_tcase(s, c);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_ENV);
  int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed != 0;
}
