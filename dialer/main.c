/* cadencia — the daemon, the commands. Its children that face the world are programs of their own (dialer/children). */
#include "dialer/base/heap.h"
#include "dialer/commands.h"
#include "dialer/sim/carrier.h"
#include <stdio.h>
#include <string.h>

struct verb {
  const char *name;
  int (*run)(int argc, char **argv);
  const char *text; /* NULL: not for people */
};

static int child_missing(int argc, char **argv) {
  (void)argc;
  fprintf(stderr, "cadencia: libexec/cadencia/%s is not beside this program; build or install Cadencia again, whole\n", argv[0]);
  return 2;
}

static const struct verb VERBS[] = {
    {"serve", serve_main, "run the dialer: cadencia serve -c /etc/cadencia/cadencia.conf"},
    {"rehearse", rehearse_main, "run a campaign against simulated callees and agents on loopback; nobody is called"},
    {"simulate", simulate_main, "run the floor in virtual time: a day of a call centre in seconds"},
    {"campaign", local_main, "create, start, pause, stop, list, show"},
    {"agent", local_main, "add, login, ready, pause, logout, list"},
    {"pause", local_main, "the reasons of agents' pauses: list, add, remove"},
    {"queue", local_main, "callers: where they wait and who answers: create, set, list, show, delete"},
    {"did", local_main, "the numbers that callers dial: add, list, remove"},
    {"import", local_main, "load contacts from a CSV file into a campaign"},
    {"export", local_main, "the call log and other tables; signed bundles for regulators, courts and people"},
    {"dnc", local_main, "the do-not-call lists: add, check, list, load a registry"},
    {"consent", local_main, "the consent ledger: add, revoke, list"},
    {"rules", local_main, "the rule packs: list, show, test, diff, reload"},
    {"calendar", local_main, "holidays and bans: load, list"},
    {"user", local_main, "who may sign in to the console: add, password, list, remove"},
    {"session", local_main, NULL},
    {"desk", local_main, NULL},
    {"list", local_main, "lists: penetration, priority and mix"},
    {"disposition", local_main, "the codes that end a call, and own ones"},
    {"person", local_main, "what one person may ask for: access, erase"},
    {"retention", local_main, "how long numbers stay in the logs; legal hold"},
    {"archive", local_main, "months of the logs in files of their own, still seen by reports and verify"},
    {"backup", local_main, "the whole state, encrypted, while it dials"},
    {"restore", local_main, "a backup into an empty state folder"},
    {"doctor", local_main, "is the box well, and what to do if not"},
    {"report", local_main, "figures of campaigns, agents, lists, trunks, and the rows behind each"},
    {"verify", local_main, "prove that no row of the logs was altered, taken out, put in or moved"},
    {"dispose", local_main, "set the disposition of an agent's call"},
    {"why", local_main, "why a contact or a campaign is not dialed; what the pacer saw, decided and why, for any second of the last days"},
    {"trunk", local_main, "the carriers: list"},
    {"status", local_main, "what the floor is doing now"},
    {"fingerprint", local_main, "announcements that detection knows: list, learn, export, forget"},
    {"label", local_main, "say what a call really was; how often detection errs"},
    {"check", local_main, "check a configuration file, say what is wrong and how to mend it"},
    {"replay", replay_main, "after an incident: what the daemon was told, step by step, and what it made of it"},
    {"listen", listen_main, "run the detector over recordings: person, machine, tones, beeps"},
    {"sip-worker", child_missing, NULL},
    {"console-worker", child_missing, NULL},
    {"sim-carrier", sim_carrier_main, NULL},
};

static void usage(FILE *to) {
  fprintf(to, "Cadencia " CADENCIA_VERSION ", an outbound predictive dialer.\n\nUsage: cadencia VERB [options]\n\n");
  for (size_t i = 0; i < sizeof VERBS / sizeof VERBS[0]; i++)
    if (VERBS[i].text) fprintf(to, "  %-10s %s\n", VERBS[i].name, VERBS[i].text);
  fprintf(to, "\ncadencia VERB --help explains each, with examples. Exit status: 0 good, 1 refused, 2 usage.\n"
              "First time here? Run: cadencia rehearse\n");
}

int main(int argc, char **argv) {
  heap_keep();
  if (argc < 2) {
    usage(stderr);
    return 2;
  }
  if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
    usage(stdout);
    return 0;
  }
  if (strcmp(argv[1], "--version") == 0) {
    puts("cadencia " CADENCIA_VERSION);
    return 0;
  }
  for (size_t i = 0; i < sizeof VERBS / sizeof VERBS[0]; i++)
    if (strcmp(argv[1], VERBS[i].name) == 0) return VERBS[i].run(argc - 1, argv + 1);
  fprintf(stderr, "cadencia: there is no verb '%s'; cadencia --help lists them\n", argv[1]);
  return 2;
}
