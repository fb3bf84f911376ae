/* command.h — a command: what it may be given, and one function that does it, inside the daemon or without one.
 *
 * Thread: the one that runs the command; struct command_call and what it points to belong to it. Source: args.c
 * verbs.c cmd_*.c */
#ifndef CADENCIA_COMMAND_H
#define CADENCIA_COMMAND_H

#include "dialer/base/config.h"
#include "dialer/base/live.h"
#include <campaigns/heard.h>
#include <campaigns/intake.h>
#include <jansson.h>

enum { EXIT_GOOD = 0, EXIT_REFUSED = 1, EXIT_USAGE = 2 };

enum option {
  OPT_CONFIG = 0,
  OPT_JSON,
  OPT_HELP,
  OPT_FROM,
  OPT_SEAT,
  OPT_NAILED,
  OPT_ON_DEMAND,
  OPT_CAMPAIGN,
  OPT_SKILL,
  OPT_LISTENER,
  OPT_COUNTRY,
  OPT_REJECTS,
  OPT_PHONE_COLUMN,
  OPT_PREVIEW,
  OPT_FORMAT,
  OPT_SCOPE,
  OPT_SOURCE,
  OPT_MAP,
  OPT_COLUMNS,
  OPT_MAPPING,
  OPT_SAVE_MAPPING,
  OPT_DUPLICATES,
  OPT_REQUIRE_CONSENT,
  OPT_UNDO,
  OPT_PRIORITY,
  OPT_SHARE,
  OPT_ROLE,
  OPT_AGENT,
  OPT_PASSWORD,
  OPT_AT,
  OPT_FOR,
  OPT_LANG,
  OPT_CALLBACK,
  OPT_MINE,
  OPT_NOTE,
  OPT_NAME,
  OPT_CATEGORY,
  OPT_EFFECT,
  OPT_AGAINST,
  OPT_TRUNK,
  OPT_NUMBER,
  OPT_SINCE,
  OPT_UNTIL,
  OPT_ROWS,
  OPT_GROUP,
  OPT_LANGUAGE,
  OPT_OUT,
  OPT_MASK,
  OPT_PASSWORD_FILE,
  OPT_BASIS,
  OPT_YES,
  OPT_HOLD,
  OPT_DAYS,
  OPT_REGISTRY,
  OPT_DATE,
  OPT_SELLER,
  OPT_TEXT,
  OPT_EXPIRES,
  OPT_PURPOSE,
  OPT_REGION,
  OPT_PHONE,
  OPT_FILE,
  OPT_AS,
  OPT_TECHNOLOGY,
  OPT_FIELDS,
  OPT_COUNT
};
__extension__ typedef unsigned __int128 option_bits; /* there are more options than 64 */
#define OPTION(o) ((option_bits)1 << (o))
_Static_assert(OPT_COUNT <= 128, "one bit an option");

struct command_call;
struct command {
  const char *verb, *sub;     /* sub NULL: the verb stands alone */
  int pos_min, pos_max;       /* words after it */
  const char *words;          /* of the usage line: "NAME --from FILE" */
  option_bits options, needs; /* OPTION bits beside -c, --json and --help; needs must be there */
  const char *text;           /* what it does, one sentence */
  const char *example;
  int (*run)(struct command_call *call); /* an exit status */
};
const struct command *command_table(void); /* ends with verb NULL */

enum { ARGS_WORDS_MAX = 8 };
struct args {
  const struct command *command;
  const char *words[ARGS_WORDS_MAX];
  int word_count;
  const char *options[OPT_COUNT]; /* "" for a flag that is set, NULL: not given */
};
/* argv[0] is the verb. CAD_OK; CAD_EMPTY: help was asked, out has it; CAD_EINVAL: wrong, out has why and the usage. */
int args_parse(int argc, const char *const *argv, struct args *args, FILE *out);

/* Belongs to the caller's own process: it reads the files by itself, also beside a running daemon. */
bool command_alone(const struct command *c);

/* How a command reaches the records and the floor. */
struct command_backend {
  void *self;
  const struct config *config;
  bool daemon; /* a floor runs: announce, order, live and post reach it */
  int (*run)(void *self, int (*fn)(struct store *s, void *arg), void *arg, bool in_transaction);
  int (*announce)(void *self, const char *campaign, const char *agent);
  int (*announce_queues)(void *self, uint64_t gone_queue, uint64_t gone_did);
  int (*order)(void *self, struct mail *order, struct mail_order_reply *reply); /* waits for the reply; CAD_ETIMEOUT, CAD_EFULL */
  int (*post)(void *self, const struct mail *mail);
  void (*live)(void *self, struct live *out);
};

struct command_call {
  const struct args *args;
  const struct command_backend *backend;
  FILE *out, *err;
  const char *secret; /* a password: never a word of the command line, which others can read; NULL: none */
  int file, rejects;  /* descriptors of the file named and of the reject file; -1: none */
  int (*progress)(void *self, const struct import_progress *p); /* may be NULL */
  void *progress_self;
};
/* The path of the database; EXIT_REFUSED (said) when there is none. */
int call_database(struct command_call *c, char *path, size_t room);
/* What a running daemon answers to these words, as JSON; NULL: none runs, or it refuses. Source: client.c */
json_t *client_answer(const char *state_dir, int argc, const char *const *argv);
/* A read-only store; NULL: said why not. */
struct store *call_reader(struct command_call *c);
struct call_filter;
/* --campaign --agent --trunk --number --since --until; an exit status. */
int call_filter_options(struct command_call *c, struct call_filter *f);
int call_instant(struct command_call *c, enum option o, struct wall *out);
/* Does the command; an exit status. */
int command_run(struct command_call *call);

static inline const char *call_option(const struct command_call *c, enum option o) { return c->args->options[o]; }
static inline bool call_json(const struct command_call *c) { return c->args->options[OPT_JSON] != NULL; }
/* Prints and frees. */
void call_put_json(struct command_call *c, json_t *value);
/* "cadencia VERB: text" to err, or {"error": text} to out with --json; returns EXIT_REFUSED. */
int call_refuse(struct command_call *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* What was said of the descriptor's path fd, under the name by which people gave the file. */
void call_tell_of_file(struct command_call *c, const char *fd, const char *said);
/* What a store error means to people. */
int call_refuse_store(struct command_call *c, int err, const char *what);
json_t *json_text(const char *text); /* never NULL */
json_t *json_id(uint64_t id);        /* ids and phones are strings: JSON numbers lose digits */
json_t *json_time(struct wall t);    /* null when unset */

int cmd_campaign_create(struct command_call *c);
int cmd_campaign_start(struct command_call *c);
int cmd_campaign_pause(struct command_call *c);
int cmd_campaign_stop(struct command_call *c);
int cmd_campaign_list(struct command_call *c);
int cmd_campaign_show(struct command_call *c);
int cmd_agent_add(struct command_call *c);
int cmd_agent_login(struct command_call *c);
int cmd_agent_ready(struct command_call *c);
int cmd_agent_pause(struct command_call *c);
int cmd_agent_logout(struct command_call *c);
int cmd_agent_accept(struct command_call *c);
int cmd_agent_skip(struct command_call *c);
int cmd_agent_dial(struct command_call *c);
int cmd_agent_list(struct command_call *c);
int cmd_dispose(struct command_call *c);
int cmd_disposition_list(struct command_call *c);
int cmd_disposition_add(struct command_call *c);
/* After a disposition: keeps the note and the promised call of that attempt, as the options say; an exit status. *promised (may
 * be NULL): when and why then, as JSON. */
int dispose_more(struct command_call *c, uint64_t attempt, uint64_t agent, json_t **promised);
/* false: --callback is no time; said on err. */
bool dispose_options_good(struct command_call *c);
int cmd_import(struct command_call *c);
int cmd_import_list(struct command_call *c);
int cmd_import_undo(struct command_call *c);
int cmd_import_mappings(struct command_call *c);
int cmd_list_show(struct command_call *c);
int cmd_list_set(struct command_call *c);
int cmd_dnc_add(struct command_call *c);
int cmd_dnc_check(struct command_call *c);
int cmd_dnc_load(struct command_call *c);
int cmd_dnc_lists(struct command_call *c);
int cmd_dnc_erase(struct command_call *c);
int cmd_consent_add(struct command_call *c);
int cmd_consent_revoke(struct command_call *c);
int cmd_consent_list(struct command_call *c);
int cmd_rules_list(struct command_call *c);
int cmd_rules_show(struct command_call *c);
int cmd_rules_test(struct command_call *c);
int cmd_rules_diff(struct command_call *c);
int cmd_rules_reload(struct command_call *c);
int cmd_calendar_load(struct command_call *c);
int cmd_calendar_list(struct command_call *c);
int cmd_why_contact(struct command_call *c);
int cmd_why_campaign(struct command_call *c);
int cmd_status(struct command_call *c);
int cmd_user_add(struct command_call *c);
int cmd_user_password(struct command_call *c);
int cmd_user_list(struct command_call *c);
int cmd_user_remove(struct command_call *c);
/* The console's own: sessions, and the desk of an agent. */
int cmd_session_open(struct command_call *c);
int cmd_session_check(struct command_call *c);
int cmd_session_close(struct command_call *c);
int cmd_session_setup(struct command_call *c);
int cmd_desk_show(struct command_call *c);
int cmd_desk_note(struct command_call *c);
int cmd_pause_list(struct command_call *c);
int cmd_pause_add(struct command_call *c);
int cmd_pause_remove(struct command_call *c);
int cmd_queue_create(struct command_call *c);
int cmd_queue_set(struct command_call *c);
int cmd_queue_delete(struct command_call *c);
int cmd_queue_list(struct command_call *c);
int cmd_queue_show(struct command_call *c);
int cmd_did_add(struct command_call *c);
int cmd_did_remove(struct command_call *c);
int cmd_did_list(struct command_call *c);
json_t *queue_live_json(const struct live_queue *q);
int cmd_why_dial(struct command_call *c);
int cmd_trunk_list(struct command_call *c);
json_t *trunks_json(const struct live *live);
void trunks_print(FILE *out, const struct live *live);
/* These read the database by themselves, also while a daemon runs. */
int cmd_export_calls(struct command_call *c);
int cmd_dnc_list(struct command_call *c);
int cmd_check(struct command_call *c);
int cmd_verify(struct command_call *c);
int cmd_report(struct command_call *c);
int cmd_export_bundle(struct command_call *c);
int cmd_export_table(struct command_call *c);
int cmd_person_access(struct command_call *c);
int cmd_person_erase(struct command_call *c);
int cmd_retention(struct command_call *c);
int cmd_archive(struct command_call *c);
int cmd_export_note(struct command_call *c); /* the exports' own: who took what */
/* One of archiving, erasing, retention and backup at a time; close(*fd) ends it. An exit status. */
int call_evidence_lock(struct command_call *c, const char *db_path, int *fd);
int cmd_backup(struct command_call *c);
int cmd_restore(struct command_call *c);
int cmd_doctor(struct command_call *c);
int cmd_fingerprint_list(struct command_call *c);
int cmd_fingerprint_export(struct command_call *c);
int cmd_fingerprint_learn(struct command_call *c);
int cmd_fingerprint_forget(struct command_call *c);
int cmd_label(struct command_call *c);
/* One line of how often detection errs; nothing while nobody said anything. */
void heard_print(FILE *out, const struct detector_estimate *e);

#endif
