#include "dialer/base/clock.h"
#include "dialer/console/server.h"
#include "tests/support/live_feed.h"
#include <arpa/inet.h>
#include <cadencia/err.h>
#include <check.h>
#include <errno.h>
#include <jansson.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { ANSWER_MAX = 1 << 20 };

static struct server *server;
static pthread_t thread;
static int feed_fd = -1;
static unsigned port;
static char answer[ANSWER_MAX];
static struct live live;

static void *serve(void *arg) {
  server_run(arg);
  return NULL;
}
static void start(void) {
  int pair[2], size = 1 << 20;
  ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
  setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
  feed_fd = pair[0];
  int listen_fd = server_listen("127.0.0.1", 0);
  ck_assert_int_ge(listen_fd, 0);
  port = server_port(listen_fd);
  server = server_create(listen_fd, pair[1], "/usr/share/javascript/dygraphs", NULL);
  ck_assert_ptr_nonnull(server);
  ck_assert_int_eq(pthread_create(&thread, NULL, serve, server), 0);
}
static void stop(void) {
  if (feed_fd >= 0) close(feed_fd);
  pthread_join(thread, NULL);
  server_destroy(server);
}

static int connect_console(void) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct timeval patience = {.tv_sec = 5};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ck_assert_int_eq(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
  return fd;
}
static void say(int fd, const char *text) { ck_assert_int_eq(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text)); }

/* Everything until the far side closes or falls silent; answer is a string. */
static size_t hear_all(int fd) {
  size_t have = 0;
  ssize_t n;
  while (have < ANSWER_MAX - 1 && (n = recv(fd, answer + have, ANSWER_MAX - 1 - have, 0)) > 0) have += (size_t)n;
  answer[have] = 0;
  close(fd);
  return have;
}
/* Until `wanted` was heard; false: it never came. */
static bool hear_until(int fd, const char *wanted) {
  size_t have = 0;
  answer[0] = 0;
  while (!strstr(answer, wanted) && have < ANSWER_MAX - 1) {
    ssize_t n = recv(fd, answer + have, ANSWER_MAX - 1 - have, 0);
    if (n <= 0) return false;
    have += (size_t)n;
    answer[have] = 0;
  }
  return true;
}
static int status_of(const char *request) {
  int fd = connect_console();
  say(fd, request);
  hear_all(fd);
  int status = 0;
  if (sscanf(answer, "HTTP/1.%*d %d", &status) != 1) return -1;
  return status;
}
static int get(const char *path, const char *headers) {
  char request[2048];
  snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nConnection: close\r\n%s\r\n", path, port, headers);
  return status_of(request);
}
static const char *body(void) {
  const char *at = strstr(answer, "\r\n\r\n");
  return at ? at + 4 : "";
}
static void feed(unsigned step, unsigned agents) {
  live_feed(&live, step, agents, clock_wall());
  ck_assert_int_eq(send(feed_fd, &live, live_bytes(&live), 0), (ssize_t)live_bytes(&live));
}
/* Until the console has taken the picture with this sequence. */
static void feed_and_see(unsigned step, unsigned agents) {
  char wanted[40];
  feed(step, agents);
  snprintf(wanted, sizeof wanted, "\"sequence\":%u,", step + 1);
  for (int i = 0; i < 200; i++) {
    if (get("/api/live", "") == 200 && strstr(answer, wanted)) return;
    usleep(10000);
  }
  ck_abort_msg("picture %u was never shown", step);
}

START_TEST(the_page_comes_with_strict_headers) {
  ck_assert_int_eq(get("/", ""), 200);
  ck_assert_ptr_nonnull(strstr(answer, "Content-Type: text/html; charset=utf-8"));
  ck_assert_ptr_nonnull(strstr(answer, "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'"));
  ck_assert_ptr_null(strstr(answer, "unsafe-inline"));
  ck_assert_ptr_nonnull(strstr(answer, "Cache-Control: no-store"));
  ck_assert_ptr_nonnull(strstr(answer, "X-Content-Type-Options: nosniff"));
  ck_assert_ptr_nonnull(strstr(answer, "X-Frame-Options: DENY"));
  ck_assert_ptr_nonnull(strstr(answer, "<html lang=\"en\">"));
  ck_assert_ptr_null(strstr(body(), "{{"));
}
END_TEST

START_TEST(every_part_of_the_page_is_served) {
  static const char *const paths[] = {"/console.css", "/console.js", "/chart.js", "/words.js", "/favicon.svg"};
  for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) ck_assert_msg(get(paths[i], "") == 200, "%s", paths[i]);
  ck_assert_int_eq(get("/words.txt", ""), 404);
  ck_assert_int_eq(get("/../etc/passwd", ""), 404);
  ck_assert_int_eq(get("/%2e%2e/%2e%2e/etc/passwd", ""), 404);
}
END_TEST

START_TEST(the_page_obeys_its_own_content_policy) {
  ck_assert_int_eq(get("/", ""), 200);
  ck_assert_ptr_null(strstr(body(), "<style"));
  ck_assert_ptr_null(strstr(body(), " style="));
  ck_assert_ptr_null(strstr(body(), " onclick"));
  ck_assert_ptr_null(strstr(body(), "http://"));
  ck_assert_ptr_null(strstr(body(), "https://"));
}
END_TEST

START_TEST(the_language_is_asked_kept_or_preferred_in_that_order) {
  ck_assert_int_eq(get("/", "Accept-Language: es-MX,es;q=0.9,en;q=0.8\r\n"), 200);
  ck_assert_ptr_nonnull(strstr(answer, "<html lang=\"es\">"));
  ck_assert_ptr_null(strstr(answer, "Set-Cookie"));
  ck_assert_int_eq(get("/?lang=en", "Cookie: lang=es\r\nAccept-Language: es\r\n"), 200);
  ck_assert_ptr_nonnull(strstr(answer, "<html lang=\"en\">"));
  ck_assert_ptr_nonnull(strstr(answer, "Set-Cookie: lang=en;"));
  ck_assert_int_eq(get("/", "Cookie: lang=es\r\nAccept-Language: en\r\n"), 200);
  ck_assert_ptr_nonnull(strstr(answer, "<html lang=\"es\">"));
  ck_assert_int_eq(get("/?lang=%3Cscript%3E", "Cookie: lang=../..\r\n"), 200);
  ck_assert_ptr_nonnull(strstr(answer, "<html lang=\"en\">"));
}
END_TEST

START_TEST(another_host_name_is_refused) {
  ck_assert_int_eq(status_of("GET / HTTP/1.1\r\nHost: rebound.example\r\nConnection: close\r\n\r\n"), 421);
  ck_assert_int_eq(status_of("GET /api/live HTTP/1.1\r\nHost: 127.0.0.1.rebound.example\r\nConnection: close\r\n\r\n"), 421);
  ck_assert_int_eq(status_of("GET / HTTP/1.1\r\nHost: localhost:9\r\nConnection: close\r\n\r\n"), 200);
  ck_assert_int_eq(status_of("GET / HTTP/1.1\r\nHost: [::1]:8080\r\nConnection: close\r\n\r\n"), 200);
  ck_assert_int_eq(status_of("GET / HTTP/1.1\r\nHost: localhost\r\nHost: rebound.example\r\nConnection: close\r\n\r\n"), 400);
  ck_assert_int_eq(status_of("GET / HTTP/1.0\r\n\r\n"), 400);
}
END_TEST

START_TEST(host_names_with_something_around_them_are_not_ours) {
  static const char *const bad[] = {"",           "localhost:", "localhost:80x",    "localhost.", "127.0.0.1@x",
                                    "xlocalhost", "127.0.0.2",  "localhost:123456", "[::1"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) ck_assert_msg(!routes_host_allowed(bad[i]), "%s", bad[i]);
  ck_assert(routes_host_allowed("LocalHost:8080"));
}
END_TEST

START_TEST(only_reading_is_possible) {
  static const char *const methods[] = {"POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "BREW"};
  for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
    char request[200];
    snprintf(request, sizeof request, "%s / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", methods[i]);
    ck_assert_msg(status_of(request) == 405, "%s", methods[i]);
    ck_assert_ptr_nonnull(strstr(answer, "Allow: GET, HEAD"));
  }
  ck_assert_int_eq(status_of("HEAD / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"), 200);
  ck_assert_str_eq(body(), "");
}
END_TEST

START_TEST(without_a_picture_the_console_says_that_it_waits) {
  ck_assert_int_eq(get("/api/live", ""), 503);
  ck_assert_int_eq(get("/health", ""), 503);
  ck_assert_ptr_nonnull(strstr(body(), "\"waiting\""));
  feed_and_see(0, 3);
  ck_assert_int_eq(get("/health", ""), 200);
  ck_assert_ptr_nonnull(strstr(body(), "\"ok\""));
}
END_TEST

START_TEST(the_picture_is_json_with_masked_numbers_and_text_ids) {
  feed_and_see(7, 16);
  json_t *json = json_loads(body(), 0, NULL);
  ck_assert_ptr_nonnull(json);
  ck_assert_uint_eq(json_array_size(json_object_get(json, "agents")), 16);
  const json_t *agent = json_array_get(json_object_get(json, "agents"), 0);
  ck_assert_str_eq(json_string_value(json_object_get(agent, "id")), "1000");
  ck_assert_str_eq(json_string_value(json_object_get(agent, "phone")), "+1202555****");
  ck_assert_str_eq(json_string_value(json_object_get(agent, "state")), "talking");
  unsigned resting = 0;
  for (unsigned i = 0; i < 16; i++) {
    const json_t *until = json_object_get(json_array_get(json_object_get(json, "agents"), i), "rests_until");
    ck_assert_int_eq(until ? json_integer_value(until) : 0, live.agents[i].rests_until.ms);
    resting += until != NULL;
  }
  ck_assert_uint_gt(resting, 0);
  const json_t *alert = json_array_get(json_object_get(json, "alerts"), 0);
  ck_assert_ptr_nonnull(strstr(json_string_value(json_object_get(alert, "en")), "/var/lib/cadencia cannot be written"));
  ck_assert_ptr_nonnull(strstr(json_string_value(json_object_get(alert, "es")), "no se puede escribir en /var/lib/cadencia"));
  const json_t *campaign = json_array_get(json_object_get(json, "campaigns"), 0);
  const json_t *abandonment = json_object_get(campaign, "abandonment");
  ck_assert_int_eq(json_integer_value(json_object_get(abandonment, "num")), (json_int_t)live.campaigns[0].abandoned);
  ck_assert_int_eq(json_integer_value(json_object_get(abandonment, "den")), (json_int_t)live.campaigns[0].live_answers);
  ck_assert_int_eq(json_integer_value(json_object_get(abandonment, "limit_bp")), 300);
  ck_assert_int_ge(json_integer_value(json_object_get(abandonment, "up_to_bp")), 1);
  ck_assert_str_eq(json_string_value(json_object_get(campaign, "mode")), "predictive");
  ck_assert_ptr_null(strstr(answer, "5550100"));
  json_decref(json);
}
END_TEST

START_TEST(the_metrics_say_what_the_picture_says) {
  ck_assert_int_eq(get("/metrics", ""), 200);
  ck_assert_ptr_nonnull(strstr(body(), "\ncadencia_up 0\n"));
  feed_and_see(7, 16);
  live_feed(&live, 8, 16, clock_wall());
  snprintf(live.campaigns[0].name, sizeof live.campaigns[0].name, "a\"b\\c\nd");
  live.health.commits = (struct histogram_view){.counts = {[0] = 3, [4] = 2, [HISTOGRAM_BOUNDS] = 1}, .sum = 3000000};
  live.health.boxes[LIVE_BOX_STORE].counts[0] = 9;
  ck_assert_int_gt(send(feed_fd, &live, live_bytes(&live), 0), 0);
  usleep(100000);
  ck_assert_int_eq(get("/metrics", ""), 200);
  char want[160];
  snprintf(want, sizeof want, "\ncadencia_attempts_total{campaign=\"a\\\"b\\\\c\\nd\"} %llu\n",
           (unsigned long long)live.campaigns[0].attempts);
  ck_assert_msg(strstr(body(), want) != NULL, "%s not in %s", want, body());
  ck_assert_ptr_nonnull(strstr(body(), "\ncadencia_up 1\n"));
  static const char *const SPREADS[] = {"\n# TYPE cadencia_commit_seconds histogram\n",
                                        "\ncadencia_commit_seconds_bucket{le=\"5e-05\"} 3\n",
                                        "\ncadencia_commit_seconds_bucket{le=\"0.001\"} 5\n",
                                        "\ncadencia_commit_seconds_bucket{le=\"2\"} 5\n",
                                        "\ncadencia_commit_seconds_bucket{le=\"+Inf\"} 6\n",
                                        "\ncadencia_commit_seconds_sum 3\ncadencia_commit_seconds_count 6\n",
                                        "\ncadencia_mailbox_depth_bucket{mailbox=\"store\",le=\"1\"} 9\n",
                                        "\ncadencia_mailbox_depth_count{mailbox=\"store\"} 9\n",
                                        "\ncadencia_loop_turn_seconds_count 0\n",
                                        "\ncadencia_beat_lag_seconds_bucket{le=\"0.02\"} 0\n"};
  for (size_t i = 0; i < sizeof SPREADS / sizeof SPREADS[0]; i++) ck_assert_msg(strstr(body(), SPREADS[i]) != NULL, "%s", SPREADS[i]);
  unsigned talking = 0;
  for (unsigned i = 0; i < live.agent_count; i++) talking += live.agents[i].state == AGENT_TALKING;
  snprintf(want, sizeof want, "\ncadencia_agents{state=\"talking\"} %u\n", talking);
  ck_assert_msg(strstr(body(), want) != NULL, "%s", want);
  ck_assert_ptr_null(strstr(body(), "2025550"));
}
END_TEST

START_TEST(a_full_floor_of_512_agents_is_shown) {
  feed_and_see(1, LIVE_AGENTS_MAX);
  json_t *json = json_loads(body(), 0, NULL);
  ck_assert_uint_eq(json_array_size(json_object_get(json, "agents")), LIVE_AGENTS_MAX);
  json_decref(json);
}
END_TEST

START_TEST(hostile_names_and_states_stay_text) {
  live_feed(&live, 0, 2, clock_wall());
  memset(live.agents[0].name, 0xff, sizeof live.agents[0].name); /* neither UTF-8 nor ended */
  snprintf(live.agents[1].name, sizeof live.agents[1].name, "</script>\"\n\n");
  live.agents[0].state = live.campaigns[0].state = live.campaigns[0].mode = live.campaigns[0].bound = 250;
  live.agents[0].campaign = 15;
  live.campaigns[0].attempts = UINT64_MAX;
  ck_assert_int_gt(send(feed_fd, &live, live_bytes(&live), 0), 0);
  usleep(100000);
  ck_assert_int_eq(get("/api/live", ""), 200);
  json_t *json = json_loads(body(), 0, NULL);
  ck_assert_ptr_nonnull(json);
  const json_t *agents = json_object_get(json, "agents");
  ck_assert_uint_eq(strlen(json_string_value(json_object_get(json_array_get(agents, 0), "name"))), MAIL_NAME_MAX - 1);
  ck_assert_str_eq(json_string_value(json_object_get(json_array_get(agents, 1), "name")), "</script>\"\n\n");
  ck_assert(json_is_null(json_object_get(json_array_get(agents, 0), "campaign")));
  json_decref(json);
}
END_TEST

START_TEST(malformed_pictures_are_dropped_and_counted) {
  live_feed(&live, 0, 2, clock_wall());
  ck_assert_int_gt(send(feed_fd, "x", 1, 0), 0);
  ck_assert_int_gt(send(feed_fd, &live, live_bytes(&live) - 1, 0), 0);
  ck_assert_int_gt(send(feed_fd, &live, sizeof live, 0), 0);
  live.agent_count = LIVE_AGENTS_MAX + 1;
  ck_assert_int_gt(send(feed_fd, &live, sizeof live, 0), 0);
  live.agent_count = 0;
  live.version = 99;
  ck_assert_int_gt(send(feed_fd, &live, live_bytes(&live), 0), 0);
  usleep(100000);
  ck_assert_int_eq(get("/health", ""), 503);
  ck_assert_ptr_nonnull(strstr(body(), "\"dropped\":5"));
  ck_assert_int_eq(get("/api/live", ""), 503);
}
END_TEST

START_TEST(garbage_does_not_stop_the_console) {
  char noise[4096];
  unsigned seed = 7;
  for (int round = 0; round < 60; round++) {
    for (size_t i = 0; i < sizeof noise; i++) noise[i] = (char)((seed = seed * 1103515245u + 12345u) >> 16);
    if (round % 3 == 0) memcpy(noise, "GET / HTTP/1.1\r\nHost: ", 22);
    if (round % 3 == 1) memcpy(noise, "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nHost: localhost\r\n\r\n", 65);
    int fd = connect_console();
    if (send(fd, noise, sizeof noise, MSG_NOSIGNAL) > 0) shutdown(fd, SHUT_WR);
    hear_all(fd);
  }
  int fd = connect_console(); /* one endless header */
  say(fd, "GET / HTTP/1.1\r\nHost: localhost\r\nX: ");
  for (int i = 0; i < 64; i++)
    if (send(fd, noise, sizeof noise, MSG_NOSIGNAL) < 0) break;
  hear_all(fd);
  ck_assert_int_eq(get("/", ""), 200);
}
END_TEST

START_TEST(more_connections_than_the_bound_do_not_lock_out_later_ones) {
  int fds[CONSOLE_CONNECTIONS_MAX + 20];
  enum { COUNT = sizeof fds / sizeof fds[0] };
  for (int i = 0; i < COUNT; i++) {
    fds[i] = connect_console();
    say(fds[i], "GET / HTTP/1.1\r\n");
  }
  for (int i = 0; i < COUNT; i++) close(fds[i]);
  int status = -1; /* until the console has noticed the closings, it may turn one away */
  for (int i = 0; i < 100 && status != 200; i++) {
    status = get("/", "");
    usleep(10000);
  }
  ck_assert_int_eq(status, 200);
}
END_TEST

static int open_stream(void) {
  int fd = connect_console();
  say(fd, "GET /events HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n");
  return fd;
}

START_TEST(a_viewer_gets_the_picture_of_now_and_then_each_new_one) {
  feed_and_see(0, 4);
  int fd = open_stream();
  ck_assert(hear_until(fd, "\"sequence\":1,"));
  ck_assert_ptr_nonnull(strstr(answer, "Content-Type: text/event-stream"));
  ck_assert_ptr_nonnull(strstr(answer, "retry: 1000\n\n"));
  ck_assert_ptr_nonnull(strstr(answer, "event: live\nid: 1\ndata: {"));
  feed(1, 4);
  ck_assert(hear_until(fd, "\"sequence\":2,"));
  feed(2, 5);
  ck_assert(hear_until(fd, "\"sequence\":3,"));
  close(fd);
}
END_TEST

START_TEST(a_viewer_who_came_before_the_first_picture_gets_it) {
  int fd = open_stream();
  ck_assert(hear_until(fd, "retry: 1000\n\n"));
  feed(0, 4);
  ck_assert(hear_until(fd, "\"sequence\":1,"));
  close(fd);
}
END_TEST

START_TEST(a_slow_viewer_gets_the_newest_picture_and_no_backlog) {
  int fd = connect_console(), small = 32768;
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  say(fd, "GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n");
  ck_assert(hear_until(fd, "retry"));
  unsigned last = 0;
  for (; last < 120; last++) { /* some 9 MB of frames that nobody reads */
    feed(last, LIVE_AGENTS_MAX);
    usleep(1000);
  }
  int wide = 1 << 20; /* now it reads again, and fast */
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &wide, sizeof wide);
  char wanted[40];
  snprintf(wanted, sizeof wanted, "\"sequence\":%u,", last);
  size_t heard = 0, keep = 0;
  static char window[65536];
  bool found = false;
  while (!found) {
    ssize_t n = recv(fd, window + keep, sizeof window - 1 - keep, 0);
    ck_assert_msg(n > 0, "the newest picture never came");
    heard += (size_t)n;
    window[keep + (size_t)n] = 0;
    found = strstr(window, wanted) != NULL;
    keep = keep + (size_t)n > 64 ? 64 : keep + (size_t)n;
    memmove(window, window + strlen(window) - keep, keep);
  }
  ck_assert_msg(heard < 2u << 20, "%zu bytes were kept for a slow viewer", heard);
  close(fd);
}
END_TEST

START_TEST(viewers_are_bounded_and_places_come_back) {
  int fds[VIEWERS_MAX];
  for (int i = 0; i < VIEWERS_MAX; i++) {
    fds[i] = open_stream();
    ck_assert(hear_until(fds[i], "retry: 1000\n\n"));
  }
  ck_assert_int_eq(get("/events", ""), 503);
  ck_assert_ptr_nonnull(strstr(answer, "Retry-After: 10"));
  for (int i = 0; i < VIEWERS_MAX; i++) close(fds[i]);
  for (int i = 0; i < 50; i++) { /* the dead are found when something is sent to them */
    feed((unsigned)i, 4);
    usleep(20000);
    if (get("/health", "") == 200 && strstr(body(), "\"viewers\":0")) break;
  }
  ck_assert_ptr_nonnull(strstr(body(), "\"viewers\":0"));
}
END_TEST

START_TEST(the_series_outlives_a_reload) {
  struct wall begun = clock_wall();
  for (unsigned i = 0; i < 40; i++) {
    live_feed(&live, i, 8, wall_add(begun, (int64_t)i * 500));
    ck_assert_int_gt(send(feed_fd, &live, live_bytes(&live), 0), 0);
    usleep(2000);
  }
  usleep(50000);
  for (int reload = 0; reload < 2; reload++) {
    ck_assert_int_eq(get("/api/series", ""), 200);
    json_t *json = json_loads(body(), 0, NULL);
    size_t n = json_array_size(json_object_get(json, "points"));
    ck_assert_msg(n == 20 || n == 21, "%zu points", n);
    json_decref(json);
  }
}
END_TEST

START_TEST(streams_end_and_the_console_stops_when_its_descriptor_closes) {
  int fd = open_stream();
  ck_assert(hear_until(fd, "retry: 1000\n\n"));
  close(feed_fd);
  feed_fd = -1;
  hear_all(fd); /* ends: else the test times out */
}
END_TEST

int main(void) {
  TCase *tc = tcase_create("http");
  tcase_add_checked_fixture(tc, start, stop);
  tcase_set_timeout(tc, 60);
  tcase_add_test(tc, the_metrics_say_what_the_picture_says);
  tcase_add_test(tc, the_page_comes_with_strict_headers);
  tcase_add_test(tc, every_part_of_the_page_is_served);
  tcase_add_test(tc, the_page_obeys_its_own_content_policy);
  tcase_add_test(tc, the_language_is_asked_kept_or_preferred_in_that_order);
  tcase_add_test(tc, another_host_name_is_refused);
  tcase_add_test(tc, host_names_with_something_around_them_are_not_ours);
  tcase_add_test(tc, only_reading_is_possible);
  tcase_add_test(tc, without_a_picture_the_console_says_that_it_waits);
  tcase_add_test(tc, the_picture_is_json_with_masked_numbers_and_text_ids);
  tcase_add_test(tc, a_full_floor_of_512_agents_is_shown);
  tcase_add_test(tc, hostile_names_and_states_stay_text);
  tcase_add_test(tc, malformed_pictures_are_dropped_and_counted);
  tcase_add_test(tc, garbage_does_not_stop_the_console);
  tcase_add_test(tc, more_connections_than_the_bound_do_not_lock_out_later_ones);
  tcase_add_test(tc, a_viewer_gets_the_picture_of_now_and_then_each_new_one);
  tcase_add_test(tc, a_viewer_who_came_before_the_first_picture_gets_it);
  tcase_add_test(tc, a_slow_viewer_gets_the_newest_picture_and_no_backlog);
  tcase_add_test(tc, viewers_are_bounded_and_places_come_back);
  tcase_add_test(tc, the_series_outlives_a_reload);
  tcase_add_test(tc, streams_end_and_the_console_stops_when_its_descriptor_closes);
  Suite *s = suite_create("console over HTTP");
  suite_add_tcase(s, tc);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_NORMAL);
  int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed ? 1 : 0;
}
