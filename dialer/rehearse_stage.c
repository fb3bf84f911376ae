/* What a rehearsal stands on: invented people, a carrier, a configuration with free ports, records. */
#include "dialer/base/clock.h"
#include "dialer/base/share.h"
#include "dialer/local/template.h"
#include "dialer/rehearse.h"
#include "dialer/sim/cast.h"
#include <arpa/inet.h>
#include <cadencia/err.h>
#include <campaigns/compliance.h>
#include <campaigns/intake.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PHONES_MAX = 1000000, CARRIER_START_MS = 20000, REHEARSE_FOR_MS = 30 * 60000, PAGE_PORTS = 40 };

static int refuse(const struct rehearsal *r, const char *english, const char *spanish, const char *what) {
  fprintf(stderr, "cadencia rehearse: ");
  fprintf(stderr, "%s%s%s\n", r->opt.spanish ? spanish : english, *what != 0 ? ": " : "", what);
  return CAD_EREFUSED;
}

int stage_folder(struct rehearsal *r) {
  if (r->opt.state != NULL) {
    char db[CONFIG_PATH_MAX + 16];
    if (snprintf(r->dir, sizeof r->dir, "%s", r->opt.state) >= (int)sizeof r->dir - 32)
      return refuse(r, "path too long", "ruta demasiado larga", r->opt.state);
    if (mkdir(r->dir, 0700) < 0 && errno != EEXIST) return refuse(r, "the folder cannot be made", "no se puede crear la carpeta", r->dir);
    snprintf(db, sizeof db, "%s/cadencia.db", r->dir);
    if (access(db, F_OK) == 0)
      return refuse(r, "there are records already; name another folder", "ya hay registros; elija otra carpeta", db);
  } else {
    const char *tmp = getenv("TMPDIR");
    snprintf(r->dir, sizeof r->dir, "%.200s/cadencia-rehearse-XXXXXX", tmp != NULL && *tmp == '/' ? tmp : "/tmp");
    if (mkdtemp(r->dir) == NULL) return refuse(r, "no folder can be made", "no se puede crear una carpeta", r->dir);
    r->dir_is_ours = true;
  }
  char *whole = realpath(r->dir, NULL);
  if (whole != NULL && strlen(whole) < sizeof r->dir - 32) snprintf(r->dir, sizeof r->dir, "%s", whole);
  free(whole);
  return CAD_OK;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *walk) {
  (void)st;
  (void)kind;
  (void)walk;
  return remove(path);
}

void stage_remove(const struct rehearsal *r) {
  if (r->dir_is_ours) nftw(r->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* ---- who is called ---- */

static int read_template(struct rehearsal *r, struct campaign_def *def) {
  FILE *f = fopen(r->template, "re");
  if (f == NULL) return refuse(r, "the campaign template cannot be read", "no se puede leer la plantilla de campaña", r->template);
  int rc = template_read(f, r->template, def, stderr);
  fclose(f);
  return rc;
}

/* The numbers of a contacts file, as the import will read them. */
static int read_phones(struct rehearsal *r, const char *country, uint64_t **out, unsigned *count) {
  char err[INTAKE_ERROR_MAX] = "", reason[PHONE_REASON_MAX];
  struct csv *csv = NULL;
  struct csv_record rec;
  struct mapping *map = malloc(sizeof *map);
  int fd = open(r->contacts, O_RDONLY | O_CLOEXEC), rc = fd < 0 || map == NULL ? CAD_ENOENT : csv_create(fd, &csv, err);
  if (rc == CAD_OK) rc = csv_next(csv, &rec, err) == 1 ? CAD_OK : CAD_EFORMAT;
  if (rc == CAD_OK && mapping_vicidial(&rec, map))
    csv_unread(csv);
  else if (rc == CAD_OK)
    rc = mapping_from_header(&rec, NULL, map, err);
  uint64_t *phones = NULL;
  unsigned n = 0, room = 0;
  while (rc == CAD_OK && n < PHONES_MAX) {
    int got = csv_next(csv, &rec, err);
    if (got == 0) break;
    uint64_t phone = 0;
    if (got < 0 || map->phone >= rec.count || phone_parse(rec.fields[map->phone], phone_home_find(country), &phone, reason) < 0) continue;
    if (n == room) {
      room = room == 0 ? 1024 : room * 2;
      uint64_t *more = realloc(phones, room * sizeof *more);
      if (more == NULL) break;
      phones = more;
    }
    phones[n++] = phone;
  }
  csv_destroy(csv);
  if (fd >= 0) close(fd);
  free(map);
  if (rc < 0) {
    free(phones);
    return refuse(r, "the contacts cannot be read", "no se pueden leer los contactos", err[0] != 0 ? err : r->contacts);
  }
  *out = phones;
  *count = n;
  return CAD_OK;
}

/* Callees without contacts: everybody in the callees file is called. */
static int contacts_from_callees(struct rehearsal *r) {
  struct sound_bank *bank = sound_bank_create();
  struct callees *callees = NULL;
  int rc = bank == NULL ? CAD_ENOMEM : callees_load(r->callees, bank, stderr, &callees);
  FILE *f = rc < 0 ? NULL : fopen(r->contacts, "we");
  if (f != NULL) {
    fputs("phone\n", f);
    for (unsigned i = 0; i < callees_count(callees); i++) {
      uint64_t phone = callees_row(callees, i)->phone;
      if (phone != 0) fprintf(f, "%s%llu\n", phone >= 10000000000u ? "+" : "", (unsigned long long)phone);
    }
    if (fclose(f) != 0) rc = CAD_EIO;
  } else if (rc == CAD_OK) {
    rc = CAD_EIO;
  }
  callees_free(callees);
  sound_bank_destroy(bank);
  return rc;
}

int stage_cast(struct rehearsal *r) {
  const struct rehearse_options *o = &r->opt;
  snprintf(r->template, sizeof r->template, o->campaign != NULL ? "%s" : "%s/campaigns/demo.conf",
           o->campaign != NULL ? o->campaign : r->cfg.share_dir);
  snprintf(r->contacts, sizeof r->contacts, o->contacts != NULL ? "%s" : "%s/contacts.csv", o->contacts != NULL ? o->contacts : r->dir);
  snprintf(r->callees, sizeof r->callees, o->callees != NULL ? "%s" : "%s/callees.csv", o->callees != NULL ? o->callees : r->dir);
  if (o->callees != NULL) return o->contacts != NULL ? CAD_OK : contacts_from_callees(r);
  uint64_t *phones = NULL;
  struct cast_options c = {.share = r->cfg.share_dir,
                           .seed = o->seed,
                           .count = o->count,
                           .own_shares = o->answer_bp >= 0 || o->machines_bp >= 0,
                           .answer_bp = o->answer_bp,
                           .machines_bp = o->machines_bp};
  (void)spread_parse_ms(o->talk_ms, &c.talk);
  char names[1100];
  snprintf(names, sizeof names, "%s", r->contacts);
  if (o->contacts != NULL) {
    struct campaign_def def;
    int rc = read_template(r, &def);
    if (rc == CAD_OK) rc = read_phones(r, def.country, &phones, &c.count);
    if (rc < 0) return rc;
    c.phones = phones;
    snprintf(names, sizeof names, "%s/invented.csv", r->dir); /* the names that come with the cast are not needed */
  }
  int rc = cast_write(&c, names, r->callees);
  free(phones);
  if (rc == CAD_ENOENT)
    return refuse(r, "no greetings; build all or set CADENCIA_SHARE", "faltan los saludos; compile todo o defina CADENCIA_SHARE",
                  r->cfg.share_dir);
  if (rc == CAD_EFULL) return refuse(r, "so many numbers for fiction there are not", "no hay tantos números de ficción", "");
  if (rc < 0) return refuse(r, "the files of the rehearsal cannot be written", "no se pueden escribir los archivos del ensayo", r->dir);
  return CAD_OK;
}

/* ---- the carrier ---- */

int stage_carrier(struct rehearsal *r) {
  char seed[24], lines[16];
  snprintf(seed, sizeof seed, "%llu", (unsigned long long)r->opt.seed);
  snprintf(lines, sizeof lines, "%u", r->cfg.limit_calls * 4 > 60000 ? 60000 : r->cfg.limit_calls * 4);
  char *argv[] = {"cadencia",    "sim-carrier",
                  "--callees",   r->callees,
                  "--share",     r->cfg.share_dir,
                  "--seed",      seed,
                  "--calls",     lines,
                  "--talk-ms",   (char *)r->opt.talk_ms,
                  "--wrapup-ms", (char *)r->opt.wrapup_ms,
                  NULL};
  int rc = child_start(argv, 4 << 20, &r->carrier);
  struct sim_truth t = {0};
  if (rc == CAD_OK) {
    struct pollfd p = {.fd = r->carrier.fd, .events = POLLIN};
    if (poll(&p, 1, CARRIER_START_MS) <= 0 || recv(r->carrier.fd, &t, sizeof t, 0) != (ssize_t)sizeof t || t.kind != TRUTH_READY)
      rc = CAD_EIO;
  }
  if (rc < 0) {
    child_kill(&r->carrier);
    return refuse(r, "the simulated carrier did not start; the lines above say why",
                  "la operadora simulada no arrancó; vea las líneas de arriba", "");
  }
  r->carrier_port = t.sip_port;
  r->phones_port = t.phone_port;
  return CAD_OK;
}

/* ---- ports and configuration ---- */

static bool port_free(int kind, uint16_t port, uint16_t *got) {
  int fd = socket(AF_INET, kind | SOCK_CLOEXEC, 0), one = 1;
  struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof here;
  if (fd < 0) return false;
  if (kind == SOCK_STREAM) setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  bool ok = bind(fd, (struct sockaddr *)&here, sizeof here) == 0 && (kind != SOCK_STREAM || listen(fd, 1) == 0) &&
            getsockname(fd, (struct sockaddr *)&here, &size) == 0;
  close(fd);
  if (ok) *got = ntohs(here.sin_port);
  return ok;
}

/* The SIP worker binds it a moment later: it lies where neither our media, nor the carrier's lines, nor the kernel by itself take ports, of
 * this rehearsal or of another that starts at the same time. */
static bool choose_sip_port(uint16_t *got) {
  enum { LOW = 61002, COUNT = 65535 - LOW };
  unsigned first = 0;
  if (getrandom(&first, sizeof first, 0) != (ssize_t)sizeof first) first = (unsigned)getpid();
  for (unsigned i = 0; i < COUNT; i++)
    if (port_free(SOCK_DGRAM, (uint16_t)(LOW + (first % COUNT + i) % COUNT), got)) return true;
  return false;
}

static void choose_page_port(struct rehearsal *r) {
  uint16_t wanted = r->opt.port;
  for (uint16_t i = 0; i < PAGE_PORTS; i++) {
    if (!port_free(SOCK_STREAM, (uint16_t)(wanted + i), &r->cfg.console_port)) continue;
    if (i > 0)
      printf(r->opt.spanish ? "El puerto %u está ocupado; la página usa el %u.\n" : "Port %u is in use; the page takes %u.\n", wanted,
             r->cfg.console_port);
    snprintf(r->cfg.console_host, sizeof r->cfg.console_host, "127.0.0.1");
    return;
  }
  printf(r->opt.spanish ? "Los puertos %u a %u están ocupados; no habrá página.\n" : "Ports %u to %u are in use; there will be no page.\n",
         wanted, wanted + PAGE_PORTS - 1);
}

/* For the commands that read the records afterwards; the daemon of the rehearsal has its own in memory. */
static int write_config(const struct rehearsal *r) {
  char path[CONFIG_PATH_MAX + 16];
  snprintf(path, sizeof path, "%s/cadencia.conf", r->dir);
  FILE *f = fopen(path, "we");
  if (f == NULL) return refuse(r, "the folder cannot be written", "no se puede escribir en la carpeta", r->dir);
  fprintf(f,
          "# To look at the records of this rehearsal: cadencia report calls -c %s\n"
          "state_dir = \"%s\";\n"
          "listeners = ( { name = \"main\"; bind = \"127.0.0.1:5060\"; } );\n"
          "trunks = ( { name = \"carrier\"; listener = \"main\"; proxy = \"sip:127.0.0.1:5070\"; caller_id = \"+12025550100\"; } );\n",
          path, r->dir);
  return fclose(f) == 0 ? CAD_OK : refuse(r, "the folder cannot be written", "no se puede escribir en la carpeta", r->dir);
}

int stage_config(struct rehearsal *r) {
  struct config *c = &r->cfg;
  uint16_t sip_port = 0;
  snprintf(c->path, sizeof c->path, "(rehearsal)");
  snprintf(c->state_dir, sizeof c->state_dir, "%s", r->dir);
  snprintf(c->log_file, sizeof c->log_file, "%.240s/cadencia.log", r->dir);
  c->loopback_only = 1;
  c->drain_s = 30;
  c->listener_count = c->trunk_count = 1;
  struct config_listener *l = &c->listeners[0];
  if (!choose_sip_port(&sip_port)) return refuse(r, "no free UDP port", "no hay puertos UDP libres", "");
  *l = (struct config_listener){.name = "main",
                                .bind_host = "127.0.0.1",
                                .bind_port = sip_port,
                                .transport = "udp",
                                .media_port_min = 20000,
                                .media_port_max = 39998};
  struct config_trunk *t = &c->trunks[0];
  *t = (struct config_trunk){.name = "carrier",
                             .listener = 0,
                             .caller_id = 12025550100u,
                             .channels = c->limit_calls,
                             .calls_per_s = 50,
                             .codecs = {CODEC_PCMU, CODEC_PCMA},
                             .codec_count = 2};
  snprintf(t->proxy, sizeof t->proxy, "sip:127.0.0.1:%u;transport=udp", r->carrier_port);
  choose_page_port(r);
  return write_config(r);
}

/* ---- records ---- */

static int run_on_store(void *self, int (*fn)(struct store *s, void *arg), void *arg, bool in_transaction) {
  struct store *s = self;
  int rc = in_transaction ? store_begin(s) : CAD_OK;
  if (rc < 0) return rc;
  rc = fn(s, arg);
  if (!in_transaction) return rc;
  if (rc < 0) {
    store_rollback(s);
    return rc;
  }
  int end = store_commit(s);
  return end < 0 ? end : rc;
}

static int import(struct rehearsal *r, struct store *s) {
  char err[INTAKE_ERROR_MAX] = "", rejects[1024];
  int fd = open(r->contacts, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return refuse(r, "the contacts cannot be opened", "no se pueden abrir los contactos", r->contacts);
  snprintf(rejects, sizeof rejects, "%s/rejects.csv", r->dir);
  FILE *f = fopen(rejects, "we");
  struct import_sink sink = {.self = s, .run = run_on_store};
  struct import_options o = {.fd = fd, .file = r->contacts, .campaign = REHEARSE_CAMPAIGN, .rejects = f, .at = clock_wall()};
  struct import_result result = {0};
  int rc = import_run(&o, &sink, &result, err);
  if (f != NULL) fclose(f);
  close(fd);
  r->imported = result.visible;
  r->rejected = result.rejected;
  if (rc < 0) return refuse(r, "the contacts were not imported", "no se importaron los contactos", err);
  if (result.visible == 0)
    return refuse(r, "no contact could be used; the reasons are in", "ningún contacto sirve; los motivos están en", rejects);
  return CAD_OK;
}

static int put_agents(struct rehearsal *r, struct store *s) {
  for (unsigned i = 0; i < r->opt.agents; i++) {
    struct agent_def a = {.a = {.nailed = 1, .state = AGENT_READY}};
    snprintf(a.a.name, sizeof a.a.name, "agent%02u", i + 1);
    snprintf(a.a.uri, sizeof a.a.uri, "sip:agent%02u@127.0.0.1:%u", i + 1, r->phones_port);
    snprintf(a.campaign, sizeof a.campaign, REHEARSE_CAMPAIGN);
    int rc = store_agent_put(s, &a);
    if (rc < 0) return rc;
  }
  return CAD_OK;
}

/* The rules' clock: a time at which as many as possible may be called for the next half hour. */
static int set_clock(struct rehearsal *r, struct store *s) {
  struct wall now = clock_wall(), best = store_best_time(s, REHEARSE_CAMPAIGN, now, REHEARSE_FOR_MS, &r->callable);
  if (best.ms == 0)
    return refuse(r, "none of the contacts may be called within a week (hours, zones or the do-not-call list)",
                  "ningún contacto se puede llamar en una semana (horario, zonas o lista de exclusión)", "");
  r->rules_time = best;
  r->shift_ms = best.ms - now.ms;
  clock_set_wall_shift(r->shift_ms);
  return CAD_OK;
}

/* Invented people are on no registry: each one that a rule asks for is there, of today and empty. */
static int empty_registries(struct store *s) {
  const struct ruleset *rules = store_law(s)->rules;
  char folder[512], path[600];
  int rc = store_dnc_list_folder(s, folder);
  for (int i = 0; rules && rc == CAD_OK && i < rules->count; i++) {
    const struct rule *rule = &rules->rules[i];
    for (int k = 0; rc == CAD_OK && rule->on && rule->kind == RULE_REGISTRY && k < rule->u.registry.count; k++) {
      struct dnc_list l = {.registry = true, .file = "rehearsal", .as_of = {clock_wall().ms / 86400000 * 86400000}};
      snprintf(l.name, sizeof l.name, "%s", rule->u.registry.names[k]);
      snprintf(path, sizeof path, "%s/rehearsal.set", folder);
      int64_t written = store_dnc_list_write(NULL, 0, path);
      rc = written < 0 ? (int)written : store_dnc_list_adopt(s, &l, path);
    }
  }
  return rc;
}

int stage_records(struct rehearsal *r) {
  char path[CONFIG_PATH_MAX + 16];
  struct campaign_def def;
  struct store *s = NULL;
  int rc = read_template(r, &def);
  if (rc < 0) return rc;
  snprintf(def.terms.name, sizeof def.terms.name, REHEARSE_CAMPAIGN);
  snprintf(def.trunk, sizeof def.trunk, "carrier");
  def.state = CAMPAIGN_RUNNING;
  snprintf(path, sizeof path, "%s/cadencia.db", r->dir);
  struct store_options so = {.path = path, .share_dir = r->cfg.share_dir, .box = r->cfg.box};
  rc = store_open(&so, &s, stderr);
  if (rc == CAD_OK) rc = run_on_store(s, (int (*)(struct store *, void *))store_campaign_put, &def, true);
  if (rc == CAD_OK) rc = empty_registries(s);
  if (rc == CAD_OK) rc = import(r, s);
  if (rc == CAD_OK) rc = store_begin(s);
  if (rc == CAD_OK) {
    rc = put_agents(r, s);
    int end = store_commit(s);
    if (rc == CAD_OK) rc = end;
  }
  if (rc == CAD_OK) rc = set_clock(r, s);
  store_close(s);
  if (rc < 0 && rc != CAD_EREFUSED) refuse(r, "the records could not be made", "no se pudieron crear los registros", err_name(rc));
  return rc;
}
