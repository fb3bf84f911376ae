/* Addresses: the shipped tables, and what an address and a number say together. */
#include "on_store.h"
#include "tests/support/scratch.h"
#include <cadencia/err.h>
#include <campaigns/compliance.h>
#include <campaigns/intake.h>
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct store *store;
static struct places *places;

static int run(void *self, int (*fn)(struct store *, void *), void *arg, bool tx) {
  (void)self;
  return run_on_store(store, fn, arg, tx);
}

static void setup(void) {
  char why[INTAKE_ERROR_MAX];
  struct store_options opt = {.share_dir = SOURCE_DIR "/etc", .fast = true};
  ck_assert_int_eq(store_open(&opt, &store, stderr), CAD_OK);
  struct campaign_def d = {.state = CAMPAIGN_RUNNING, .country = "US", .purpose = "survey", .trunk = "t", .seller = "S"};
  snprintf(d.terms.name, sizeof d.terms.name, "spring");
  d.terms.mode = PACING_PROGRESSIVE;
  d.terms.ring_ms = 20000;
  d.terms.max_wait_ms = 2000;
  d.terms.limit_bp = 300;
  d.gate.attempts_max = 3;
  d.gate.attempts_window_ms = 86400000;
  for (int i = 0; i < 7; i++) d.gate.hours.close[i] = 1440;
  ck_assert_int_ge(store_campaign_put(store, &d), 0);
  ck_assert_msg(places_create(SOURCE_DIR "/etc", &places, why) == CAD_OK, "%s", why);
}
static void teardown(void) {
  places = places_destroy(places);
  store = store_close(store);
}

static int by_text(const void *a, const void *b) { return strcmp(*(const char *const *)a, *(const char *const *)b); }

/* Where the gate takes that number to be: "America/Chicago US-TX", zones then regions, each in the order of the alphabet. */
static const char *place_of(uint64_t phone) {
  static char text[2000];
  static struct why_contact w;
  const char *words[64];
  char regions[PLACE_REGIONS_MAX][REGION_TEXT_MAX];
  int n = 0;
  ck_assert_int_eq(store_why_contact(store, phone, "spring", (struct wall){1794330000000}, &w), CAD_OK);
  ck_assert_msg(w.known, "%llu was not taken", (unsigned long long)phone);
  for (int i = 0; i < w.place.zone_count; i++) words[n++] = zones_name(store_zones(store), w.place.zones[i]);
  qsort(words, (size_t)n, sizeof words[0], by_text);
  int from = n;
  for (int i = 0; i < w.place.region_count; i++) region_text(w.place.regions[i], regions[i]), words[n++] = regions[i];
  qsort(words + from, (size_t)(n - from), sizeof words[0], by_text);
  text[0] = 0;
  for (int i = 0; i < n; i++) snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", i ? " " : "", words[i]);
  return text;
}

static void import_one(const char *country, const char *row) {
  char text[512], why[INTAKE_ERROR_MAX];
  struct import_result r;
  snprintf(text, sizeof text, "phone;timezone;postcode;state\n%s\n", row);
  int fd = scratch_fd(text, strlen(text));
  struct import_options opt = {
      .fd = fd, .file = "x.csv", .campaign = "spring", .country = country, .share_dir = SOURCE_DIR "/etc", .at = {1794330000000}};
  struct import_sink sink = {NULL, run, NULL};
  ck_assert_msg(import_run(&opt, &sink, &r, why) == CAD_OK, "%s: %s", row, why);
  ck_assert_msg(r.accepted == 1, "%s was refused", row);
  close(fd);
}

START_TEST(an_address_and_a_number_say_together_where_somebody_may_be) {
  static const struct {
    const char *country, *row;
    uint64_t phone;
    const char *place;
  } V[] = {
      /* Indiana: 812 lies in both; the postcode tells, and near the border it does not */
      {"US", "8124840001;;;", 18124840001, "America/Chicago America/New_York US-IN"},
      {"US", "8124840002;;47586;", 18124840002, "America/Chicago US-IN"},
      {"US", "8123340003;;47401;IN", 18123340003, "America/New_York US-IN"},
      {"US", "8124840004;America/Indiana/Tell_City;;", 18124840004, "America/Indiana/Tell_City US-IN"},
      /* Arizona: the Navajo nation moves its clock, Phoenix does not */
      {"US", "9285550101;;86503;AZ", 19285550101, "America/Denver America/Phoenix US-AZ"},
      {"US", "6025550102;;85004;AZ", 16025550102, "America/Phoenix US-AZ"},
      {"US", "6025550103;;;AZ", 16025550103, "America/Phoenix US-AZ"}, /* a state is wide: what it has in common with the number */
      /* Kentucky */
      {"US", "5025550104;;40202;KY", 15025550104, "America/New_York US-KY"},
      {"US", "2705550105;;42001;KY", 12705550105, "America/Chicago US-KY"},
      /* the western Aleutians */
      {"US", "9075550106;;99546;AK", 19075550106, "America/Adak US-AK"},
      {"US", "9075550107;;99501;AK", 19075550107, "America/Anchorage US-AK"},
      /* a New York phone, a Florida address: both, and the rules of both states */
      {"US", "2125550108;;33101;FL", 12125550108, "America/New_York US-FL US-NY"},
      {"US", "2125550109;;;California", 12125550109, "America/Los_Angeles America/New_York US-CA US-NY"},
      {"US", "2125550110;;;tx", 12125550110, "America/Chicago America/Denver America/New_York US-NY US-TX"},
      {"US", "2125550111;;97401;FL", 12125550111, "America/Chicago America/Los_Angeles America/New_York US-FL US-NY US-OR"},
      {"US", "2125550112;;2134;", 12125550112, "America/New_York US-MA US-NY"}, /* 02134 as a spreadsheet leaves it */
      /* Spain: a mobile may be in the Canaries until the postcode tells */
      {"ES", "612345601;;;", 34612345601, "Atlantic/Canary Europe/Madrid ES"},
      {"ES", "612345602;;28013;", 34612345602, "Europe/Madrid ES-MD"},
      {"ES", "612345603;;35001;", 34612345603, "Atlantic/Canary ES-CN"},
      {"ES", "612345604;;;Las Palmas", 34612345604, "Atlantic/Canary ES-CN"},
      {"ES", "612345605;;;Vizcaya", 34612345605, "Europe/Madrid ES-PV"},
      {"ES", "612345606;;8001;", 34612345606, "Europe/Madrid ES-CT"}, /* 08001 */
      /* Mexico: the border strip keeps the clock of the United States */
      {"MX", "6561234567;;32000;Chihuahua", 526561234567, "America/Ciudad_Juarez MX-CHH"},
      {"MX", "5512345678;;06000;CDMX", 525512345678, "America/Mexico_City MX-CMX"},
      {"MX", "9981234567;;77500;Quintana Roo", 529981234567, "America/Cancun MX-ROO"},
      /* Canada, Australia, Britain, Brazil */
      {"CA", "4165550113;;M5V 2T6;ON", 14165550113, "America/Toronto CA-ON"},
      {"CA", "7095550114;;A1C 5S7;Newfoundland", 17095550114, "America/St_Johns CA-NL"},
      {"GB", "2071234567;;SW1A 1AA;", 442071234567, "Europe/London GB-ENG"},
      {"GB", "7700900123;;G2 1DU;", 447700900123, "Europe/London GB-SCT"},
  };
  for (size_t i = 0; i < sizeof V / sizeof V[0]; i++) {
    import_one(V[i].country, V[i].row);
    ck_assert_msg(strcmp(place_of(V[i].phone), V[i].place) == 0, "%s: %s, wanted %s", V[i].row, place_of(V[i].phone), V[i].place);
  }
}
END_TEST

START_TEST(postcodes_and_states_are_found_as_people_write_them) {
  static const struct {
    const char *country, *postcode, *state, *place;
  } V[] = {{"US", "90210", NULL, "America/Los_Angeles&@US-CA"},
           {"US", "90210-1234", NULL, "America/Los_Angeles&@US-CA"},
           {"US", "902101234", NULL, "America/Los_Angeles&@US-CA"},
           {"US", "601", NULL, "America/Puerto_Rico&@US-PR"}, /* 00601 */
           {"US", "21341234", NULL, "America/New_York&@US-MA"},
           {"US", "90", NULL, NULL},
           {"US", "902101", NULL, NULL},
           {"ES", "280130", NULL, NULL},
           {"ES", "CP 28013", NULL, NULL},
           {"US", NULL, "new york", "America/New_York&@US-NY"},
           {"US", NULL, " N.Y. ", NULL},
           {"US", NULL, "Puerto Rico", "America/Puerto_Rico&@US-PR"},
           {"US", "09012", NULL, NULL}, /* the army's post: anywhere */
           {"CA", "v1g 4a1", NULL, "~America/Creston&America/Dawson_Creek&America/Edmonton&America/Fort_Nelson&America/Vancouver&@CA-BC"},
           {"CA", NULL, "québec", "America/Blanc-Sablon&America/Halifax&America/Toronto&@CA-QC"},
           {"ES", "51001", NULL, "Africa/Ceuta&@ES-CE"},
           {"ES", NULL, "A CORUÑA", "Europe/Madrid&@ES-GA"},
           {"MX", NULL, "Nuevo León", "America/Matamoros&America/Monterrey&@MX-NLE"},
           {"BR", "69900-000", NULL, "America/Rio_Branco&@BR-AC"},
           {"AU", "2880", NULL, "Australia/Broken_Hill&@AU-NSW"},
           {"AU", "0800", NULL, "Australia/Darwin&@AU-NT"},
           {"FR", "97400", NULL, "Indian/Reunion"},
           {"GB", "BT1 5GS", NULL, "Europe/London&@GB-NIR"},
           {"XX", "1000", NULL, NULL}};
  for (size_t i = 0; i < sizeof V / sizeof V[0]; i++) {
    const char *found =
        V[i].postcode ? places_by_postcode(places, V[i].country, V[i].postcode) : places_by_state(places, V[i].country, V[i].state);
    if (!V[i].place)
      ck_assert_msg(found == NULL, "%s %s: %s", V[i].country, V[i].postcode ? V[i].postcode : V[i].state, found);
    else
      ck_assert_msg(found && strcmp(found, V[i].place) == 0, "%s %s: %s", V[i].country, V[i].postcode ? V[i].postcode : V[i].state,
                    found ? found : "nothing");
  }
}
END_TEST

START_TEST(every_zone_and_region_of_the_tables_exists) {
  static const char *const FILES[] = {SOURCE_DIR "/etc/numbering/postcode_zones.csv", SOURCE_DIR "/etc/numbering/state_zones.csv"};
  struct zones *z = zones_create("/usr/share/zoneinfo");
  char line[4096];
  for (size_t i = 0; i < 2; i++) {
    FILE *f = fopen(FILES[i], "r");
    int rows = 0;
    ck_assert_ptr_nonnull(f);
    while (fgets(line, sizeof line, f)) {
      char *rest = NULL, *value = strchr(line, ',');
      if (line[0] == '#') continue;
      ck_assert_msg(value != NULL, "%s", line);
      value[strcspn(value, "\n")] = 0;
      int zones = 0;
      for (char *word = strtok_r(value + 1 + (value[1] == '~'), "&", &rest); word; word = strtok_r(NULL, "&", &rest)) {
        if (word[0] == '@')
          ck_assert_msg(region_parse(word + 1) != 0, "%s: %s", line, word);
        else
          ck_assert_msg(zones_find(z, word) != ZONE_NONE, "%s: %s", line, word), zones++;
      }
      ck_assert_msg(zones > 0, "%s", line);
      rows++;
    }
    fclose(f);
    ck_assert_int_gt(rows, 1000);
  }
  zones_destroy(z);
}
END_TEST

START_TEST(clocks_that_agree_are_alike_and_others_are_not) {
  struct zones *z = zones_create("/usr/share/zoneinfo");
  struct wall at = {1794330000000};
  static const struct {
    const char *a, *b;
    bool alike;
  } V[] = {{"America/Boise", "America/Denver", true},        {"America/Detroit", "America/New_York", true},
           {"America/Phoenix", "America/Denver", false},     {"America/Phoenix", "America/Hermosillo", true},
           {"Europe/Madrid", "Atlantic/Canary", false},      {"Europe/Madrid", "Europe/Paris", true},
           {"America/Havana", "America/New_York", false},    {"America/Adak", "America/Anchorage", false},
           {"Australia/Sydney", "Australia/Brisbane", false}};
  for (size_t i = 0; i < sizeof V / sizeof V[0]; i++)
    ck_assert_msg(zones_alike(z, zones_find(z, V[i].a), zones_find(z, V[i].b), at) == V[i].alike, "%s and %s", V[i].a, V[i].b);
  zones_destroy(z);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("places");
  TCase *t = tcase_create("places");
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_set_timeout(t, 60);
  tcase_add_test(t, an_address_and_a_number_say_together_where_somebody_may_be);
  tcase_add_test(t, postcodes_and_states_are_found_as_people_write_them);
  tcase_add_test(t, every_zone_and_region_of_the_tables_exists);
  tcase_add_test(t, clocks_that_agree_are_alike_and_others_are_not);
  suite_add_tcase(suite, t);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
