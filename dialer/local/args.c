#include "dialer/local/command.h"
#include <cadencia/err.h>
#include <stdarg.h>
#include <string.h>

static const struct {
  const char *name, *value, *text; /* value NULL: a flag */
} OPTIONS[OPT_COUNT] = {
    [OPT_CONFIG] = {"config", "FILE", "the box's configuration; default /etc/cadencia/cadencia.conf, else etc/cadencia.conf"},
    [OPT_JSON] = {"json", NULL, "answer as JSON"},
    [OPT_HELP] = {"help", NULL, "this text"},
    [OPT_FROM] = {"from", "FILE", "the template, such as etc/campaigns/sales.conf or etc/queues/support.conf"},
    [OPT_PHONE] = {"phone", "USER", "the agent's phone registers here with this name and the password of --password"},
    [OPT_SEAT] = {"seat", "SIP-URI", "the agent's phone, such as sip:anna@192.0.2.30:5060"},
    [OPT_NAILED] = {"nailed", NULL, "ring the phone at log-in and keep the line open"},
    [OPT_ON_DEMAND] = {"on-demand", NULL, "ring the phone for each call"},
    [OPT_SKILL] = {"skill", "WORDS", "what the agent can do, such as es,vip"},
    [OPT_CAMPAIGN] = {"campaign", "NAME", "the campaign"},
    [OPT_LISTENER] = {"listener", "NAME", "the listener that reaches the phone; default the first"},
    [OPT_COUNTRY] = {"country", "CC", "country of numbers without '+', such as US, ES, MX"},
    [OPT_REJECTS] = {"rejects", "FILE", "where rejected rows go; default FILE.rejected.csv beside the list"},
    [OPT_PHONE_COLUMN] = {"phone-column", "NAME", "the column of the phone number; default by its usual names"},
    [OPT_PREVIEW] = {"preview", NULL, "check the file, write nothing"},
    [OPT_FORMAT] = {"format", "csv|jsonl", "of rows; default csv"},
    [OPT_SCOPE] = {"scope", "SCOPE", "global (default), campaign:NAME or seller:NAME"},
    [OPT_MAP] = {"map", "COLUMN=KIND,...",
                 "what columns are: phone, phone2, name, first_name, last_name, id, zone, postcode, state, country, "
                 "calling_code, priority, consent, field, skip"},
    [OPT_COLUMNS] = {"columns", "NAME,...", "the file has no header row; its columns in order"},
    [OPT_MAPPING] = {"mapping", "NAME", "columns as kept under this name"},
    [OPT_SAVE_MAPPING] = {"save-mapping", "NAME", "keep the columns of this import under a name"},
    [OPT_DUPLICATES] = {"duplicates", "campaign|system", "reject numbers of this campaign (default), or of any of the seller"},
    [OPT_REQUIRE_CONSENT] = {"require-consent", NULL, "reject rows whose column consent is empty or says no"},
    [OPT_UNDO] = {"undo", "ID", "take that import back; possible until its first dial"},
    [OPT_PRIORITY] = {"priority", "1..100", "lists of the greater number are called first; 50 by default"},
    [OPT_SHARE] = {"share", "1..100", "weight among lists of the same priority; 1 by default"},
    [OPT_ROLE] = {"role", "agent|supervisor", "what the user may do; an agent's user opens the desk of --agent"},
    [OPT_AGENT] = {"agent", "NAME", "the agent"},
    [OPT_PASSWORD] = {"password", "-", "read the password from standard input; without it the terminal asks"},
    [OPT_CALLBACK] = {"callback", "TIME", "call again then: \"2026-05-04 10:30\" in the customer's time, or +2h, +30m from now"},
    [OPT_MINE] = {"mine", NULL, "this agent is to call back; anybody 30 minutes after the time"},
    [OPT_NOTE] = {"note", "TEXT", "what the agent wrote down, kept with the call"},
    [OPT_NAME] = {"name", "TEXT", "what the code means, or how the list is called"},
    [OPT_CATEGORY] = {"category", "WORD",
                      "no_contact, machine, contact, right_party, conversion, callback, opt_out, unworkable, technical"},
    [OPT_EFFECT] = {"effect", "WORD",
                    "labels, finishes, calls_back, opts_out, opts_out:campaign, opts_out:global, retries:busy, retries:..."},
    [OPT_AGAINST] = {"against", "FILE", "a checkpoint or a bundle that left the box earlier"},
    [OPT_TRUNK] = {"trunk", "NAME", "the trunk"},
    [OPT_NUMBER] = {"number", "+NUMBER", "one number, as +12025550142"},
    [OPT_SINCE] = {"since", "TIME", "from then on, UTC: 2026-11-21 or 2026-11-21T16:00Z"},
    [OPT_UNTIL] = {"until", "TIME", "before then"},
    [OPT_ROWS] = {"rows", "FIGURE", "the rows behind a figure, such as abandonment"},
    [OPT_GROUP] = {"group", "KEY", "of one line of the report only"},
    [OPT_LANGUAGE] = {"language", "en|es", "headings; default by LANG"},
    [OPT_OUT] = {"out", "FILE", "where it is written"},
    [OPT_MASK] = {"mask", NULL, "hide the last four digits of numbers"},
    [OPT_PASSWORD_FILE] = {"password-file", "FILE", "the password is the file's first line; default: it is asked for"},
    [OPT_BASIS] =
        {"basis", "TEXT",
         "why: a request, a law, kept in the audit log; of a consent: consent, written_consent, contract, inquiry, legitimate_interest"},
    [OPT_YES] = {"yes", NULL, "do it; without it is only said what would be done"},
    [OPT_HOLD] = {"hold", "on|off", "a legal hold: nothing is erased while it is on"},
    [OPT_DAYS] = {"days", "DAYS", "keep that long"},
    [OPT_SOURCE] = {"source", "TEXT", "where the wish came from, kept with it"},
    [OPT_AT] = {"at", "TIME", "a moment: 2026-11-21T10:31 and more, see the examples; default now"},
    [OPT_FOR] = {"for", "SECONDS", "how many seconds before it are listed, 1 to 600; default 20"},
    [OPT_LANG] = {"lang", "en|es", "language of the answer; default en"},
    [OPT_REGISTRY] = {"registry", "NAME", "the public registry that the file is, such as US-DNC, TPS, ROBINSON"},
    [OPT_DATE] = {"date", "YYYY-MM-DD", "the day on which the file was true"},
    [OPT_SELLER] = {"seller", "NAME", "on whose behalf people are called"},
    [OPT_TEXT] = {"text", "TEXT", "what the person was shown or told, in full"},
    [OPT_EXPIRES] = {"expires", "YYYY-MM-DD", "the day on which it ends; default never"},
    [OPT_PURPOSE] = {"purpose", "WORD", "telemarketing, collections, survey or information; default all"},
    [OPT_REGION] = {"region", "CC[-XX]", "only what holds there, such as US, US-FL or ES"},
    [OPT_FILE] = {"file", "CALL", "the id of a call as in the call log, or the sample's file name"},
    [OPT_FIELDS] = {"fields", "NAME=...",
                    "what is written down at wrap-up; of a code: NAME=text|number|date, with ! behind it when it must be there; of a call: "
                    "NAME=VALUE"},
    [OPT_AS] = {"as", "WORD", "what it was: person, machine, screening, fax, dead_air, busy_tone or sit; of exported calls: vicidial"},
    [OPT_TECHNOLOGY] = {"technology", "WORDS", "for which voice it holds: agent, prerecorded, message_drop, with commas; default all"},
};

static void print_options(FILE *out, const struct command *c) {
  fputs("\nOptions:\n", out);
  for (int o = 0; o < OPT_COUNT; o++) {
    if (o > OPT_HELP && !(c->options & OPTION(o))) continue;
    char left[48];
    snprintf(left, sizeof left, "%s--%s%s%s",
             o == OPT_CONFIG ? "-c, "
             : o == OPT_HELP ? "-h, "
                             : "    ",
             OPTIONS[o].name, OPTIONS[o].value ? " " : "", OPTIONS[o].value ? OPTIONS[o].value : "");
    fprintf(out, "  %-26s %s\n", left, OPTIONS[o].text);
  }
}

static void print_usage(FILE *out, const struct command *c) {
  fprintf(out, "Usage: cadencia %s%s%s%s%s [options]\n", c->verb, c->sub ? " " : "", c->sub ? c->sub : "", c->words[0] ? " " : "",
          c->words);
}

static void print_help(FILE *out, const struct command *c) {
  print_usage(out, c);
  fprintf(out, "\n%s\n", c->text);
  print_options(out, c);
  fprintf(out, "\nExamples:\n%s\nExit status: 0 good, 1 refused, 2 usage.\n", c->example);
}

/* All that a verb can do; with examples of each. */
static void print_verb(FILE *out, const char *verb) {
  fputs("Usage:\n", out);
  for (const struct command *c = command_table(); c->verb; c++)
    if (strcmp(c->verb, verb) == 0)
      fprintf(out, "  cadencia %s %s%s%s\n      %s\n", verb, c->sub, c->words[0] ? " " : "", c->words, c->text);
  fputs("\nExamples:\n", out);
  for (const struct command *c = command_table(); c->verb; c++)
    if (strcmp(c->verb, verb) == 0) fputs(c->example, out);
  fprintf(out, "\ncadencia %s WORD --help says more of each. Exit status: 0 good, 1 refused, 2 usage.\n", verb);
}

static int fault(FILE *out, const struct command *c, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static int fault(FILE *out, const struct command *c, const char *fmt, ...) {
  fprintf(out, "cadencia %s%s%s: ", c->verb, c->sub ? " " : "", c->sub ? c->sub : "");
  va_list ap;
  va_start(ap, fmt);
  vfprintf(out, fmt, ap);
  va_end(ap);
  fputc('\n', out);
  print_usage(out, c);
  return CAD_EINVAL;
}

static bool asks_help(const char *word) { return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0; }

/* The verb's row of the table; CAD_EMPTY after the help of a verb with several. */
static int find_command(int argc, const char *const *argv, const struct command **found, FILE *out) {
  const struct command *first = NULL;
  const char *sub = argc > 1 ? argv[1] : "";
  for (const struct command *c = command_table(); c->verb; c++) {
    if (strcmp(c->verb, argv[0]) != 0) continue;
    if (!first) first = c;
    if (c->sub && strcmp(c->sub, sub) != 0) continue;
    *found = c;
    return CAD_OK;
  }
  if (!first) {
    fprintf(out, "cadencia: there is no verb \"%.40s\"; cadencia --help lists them\n", argv[0]);
    return CAD_EINVAL;
  }
  if (asks_help(sub)) {
    print_verb(out, argv[0]);
    return CAD_EMPTY;
  }
  if (sub[0]) fprintf(out, "cadencia %s: there is no \"%.40s\" here\n", argv[0], sub);
  print_verb(out, argv[0]);
  return CAD_EINVAL;
}

static int find_option(const struct command *c, const char *name, size_t n) {
  for (int o = 0; o < OPT_COUNT; o++)
    if (strlen(OPTIONS[o].name) == n && memcmp(OPTIONS[o].name, name, n) == 0 && (o <= OPT_HELP || (c->options & OPTION(o)))) return o;
  return -1;
}

/* One option at argv[*i]; moves *i over its value. */
static int take_option(int argc, const char *const *argv, int *i, struct args *a, FILE *out) {
  const char *word = argv[*i];
  const char *name = word + 2;
  size_t n = strcspn(name, "=");
  int o = strcmp(word, "-c") == 0   ? OPT_CONFIG
          : strcmp(word, "-h") == 0 ? OPT_HELP
          : word[1] == '-'          ? find_option(a->command, name, n)
                                    : -1;
  if (o < 0) return fault(out, a->command, "there is no option %.60s here", word);
  if (a->options[o]) return fault(out, a->command, "--%s is given twice", OPTIONS[o].name);
  bool joined = word[1] == '-' && name[n] == '=';
  if (!OPTIONS[o].value) {
    if (joined) return fault(out, a->command, "--%s takes no value", OPTIONS[o].name);
    a->options[o] = "";
    return CAD_OK;
  }
  if (!joined && *i + 1 >= argc) return fault(out, a->command, "--%s needs a value: %s", OPTIONS[o].name, OPTIONS[o].value);
  a->options[o] = joined ? name + n + 1 : argv[++*i];
  return a->options[o][0] ? CAD_OK : fault(out, a->command, "--%s needs a value: %s", OPTIONS[o].name, OPTIONS[o].value);
}

static int check_complete(struct args *a, FILE *out) {
  const struct command *c = a->command;
  if (a->options[OPT_UNDO]) return CAD_OK; /* it needs nothing beside its number */
  if (a->word_count < c->pos_min) return fault(out, c, "something is missing: %s", c->words);
  for (int o = 0; o < OPT_COUNT; o++)
    if ((c->needs & OPTION(o)) && !a->options[o])
      return fault(out, c, "--%s %s is missing", OPTIONS[o].name, OPTIONS[o].value ? OPTIONS[o].value : "");
  return CAD_OK;
}

int args_parse(int argc, const char *const *argv, struct args *args, FILE *out) {
  memset(args, 0, sizeof *args);
  if (argc < 1) return CAD_EINVAL;
  int r = find_command(argc, argv, &args->command, out);
  if (r != CAD_OK) return r;
  bool only_words = false;
  for (int i = args->command->sub ? 2 : 1; i < argc; i++) {
    if (!only_words && strcmp(argv[i], "--") == 0) {
      only_words = true;
    } else if (!only_words && argv[i][0] == '-' && argv[i][1]) {
      r = take_option(argc, argv, &i, args, out);
      if (r < 0) return r;
    } else if (args->word_count >= args->command->pos_max) {
      return fault(out, args->command, "\"%.60s\" is one word too many", argv[i]);
    } else {
      args->words[args->word_count++] = argv[i];
    }
  }
  if (args->options[OPT_HELP]) {
    print_help(out, args->command);
    return CAD_EMPTY;
  }
  return check_complete(args, out);
}
