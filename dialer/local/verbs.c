/* Every command in one table, and what they share. */
#include "dialer/base/clock.h"
#include "dialer/local/command.h"
#include <cadencia/err.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define FILTERS (OPTION(OPT_CAMPAIGN) | OPTION(OPT_AGENT) | OPTION(OPT_TRUNK) | OPTION(OPT_NUMBER) | OPTION(OPT_SINCE) | OPTION(OPT_UNTIL))
static const struct command TABLE[] = {
    {"campaign", "create", 1, 1, "NAME --from FILE", OPTION(OPT_FROM), OPTION(OPT_FROM), "Makes a campaign, stopped, from a template.",
     "  cadencia campaign create spring --from etc/campaigns/sales.conf\n", cmd_campaign_create},
    {"campaign", "start", 1, 1, "NAME", 0, 0,
     "Starts dialing once everything mandatory is there; else says what is missing and how to mend it.",
     "  cadencia campaign start spring\n", cmd_campaign_start},
    {"campaign", "pause", 1, 1, "NAME", 0, 0, "No new calls; those in flight finish. Start goes on where it was.",
     "  cadencia campaign pause spring\n", cmd_campaign_pause},
    {"campaign", "stop", 1, 1, "NAME", 0, 0, "No new calls; the campaign leaves the floor when its calls have ended.",
     "  cadencia campaign stop spring\n", cmd_campaign_stop},
    {"campaign", "list", 0, 0, "", 0, 0, "All campaigns with their state and counts.",
     "  cadencia campaign list\n  cadencia campaign list --json\n", cmd_campaign_list},
    {"campaign", "show", 1, 1, "NAME", 0, 0, "One campaign: its terms, hours, retry table and outcomes so far.",
     "  cadencia campaign show spring\n", cmd_campaign_show},
    {"agent", "add", 1, 1, "NAME --seat SIP-URI | --phone USER --password - --nailed|--on-demand --campaign C[,C2...] [--skill WORDS]",
     OPTION(OPT_SKILL) | OPTION(OPT_SEAT) | OPTION(OPT_PHONE) | OPTION(OPT_PASSWORD) | OPTION(OPT_NAILED) | OPTION(OPT_ON_DEMAND) |
         OPTION(OPT_CAMPAIGN) | OPTION(OPT_LISTENER),
     OPTION(OPT_CAMPAIGN),
     "Makes an agent, logged out, with a phone and a campaign. An agent of several campaigns serves one at a time: the one with\n"
     "the highest priority that has work, of equals the one with the fewest agents; the first named is home.",
     "  cadencia agent add anna --seat sip:anna@192.0.2.30:5060 --nailed --campaign spring\n"
     "  cadencia agent add luis --seat sip:luis@192.0.2.31:5060 --nailed --campaign spring,survey --skill es,vip\n"
     "  printf %s \"$SECRET\" | cadencia agent add eva --phone eva --password - --nailed --campaign spring\n",
     cmd_agent_add},
    {"agent", "login", 1, 1, "NAME", 0, 0, "Logs the agent in, paused; a nailed-up phone rings and stays on the line.",
     "  cadencia agent login anna\n", cmd_agent_login},
    {"agent", "ready", 1, 1, "NAME", 0, 0, "The agent takes calls; logs in first if need be.", "  cadencia agent ready anna\n",
     cmd_agent_ready},
    {"agent", "pause", 1, 2, "NAME [REASON]", 0, 0, "No more calls after the one at hand; REASON is a code of cadencia pause list.",
     "  cadencia agent pause anna\n  cadencia agent pause anna LUNCH\n", cmd_agent_pause},
    {"agent", "logout", 1, 1, "NAME", 0, 0, "Ends the agent's work after the call at hand; the phone is hung up.",
     "  cadencia agent logout anna\n", cmd_agent_logout},
    {"agent", "accept", 1, 2, "NAME [CONTACT]", 0, 0,
     "Preview mode: dials the contact that the agent is shown (cadencia desk show NAME), or the next one. With CONTACT, its id, only that "
     "one.",
     "  cadencia agent accept anna\n", cmd_agent_accept},
    {"agent", "skip", 2, 3, "NAME REASON [CONTACT]", 0, 0,
     "Preview mode: the agent does not call the contact that he is shown; he is shown the next one, and this one waits for the\n"
     "campaign's skip_again_min. REASON: not_now, spoken (spoke to us lately), data (wrong or lacking), language or other.",
     "  cadencia agent skip anna spoken\n", cmd_agent_skip},
    {"agent", "dial", 2, 2, "NAME NUMBER|CONTACT [--campaign C]", OPTION(OPT_CAMPAIGN) | OPTION(OPT_LANG), 0,
     "Calls this contact for the agent now, whatever its turn, in any mode and also while he is paused. Hours, lists, attempts and all\n"
     "other rules hold as for every call; what forbids it is said at once, with the earliest next time. A number that is no contact\n"
     "becomes one where the campaign's template says dial_by_hand = \"any\".",
     "  cadencia agent dial anna +12025550142\n  cadencia agent dial anna 202-555-0142 --campaign spring --lang es\n", cmd_agent_dial},
    {"agent", "list", 0, 0, "", 0, 0, "All agents with what they want and, while the daemon runs, what they do.", "  cadencia agent list\n",
     cmd_agent_list},
    {"dispose", NULL, 2, 2, "AGENT CODE", OPTION(OPT_CALLBACK) | OPTION(OPT_MINE) | OPTION(OPT_NOTE) | OPTION(OPT_FIELDS), 0,
     "Sets the disposition of the call that the agent has or has just had. A time to call back is moved into the permitted hours.",
     "  cadencia dispose anna SALE\n  cadencia dispose anna CALLBK --callback \"2026-05-04 10:30\" --mine --note \"asks for the offer\"\n"
     "  cadencia dispose anna PROMESA --fields \"importe=120.50,fecha=2026-12-01\"\n",
     cmd_dispose},
    {"agent", "dispose", 2, 2, "AGENT CODE", OPTION(OPT_CALLBACK) | OPTION(OPT_MINE) | OPTION(OPT_NOTE) | OPTION(OPT_FIELDS), 0,
     "The same as cadencia dispose.", "  cadencia agent dispose anna CALLBK --callback +2h\n", cmd_dispose},
    {"disposition", "list", 0, 0, "[--campaign C]", OPTION(OPT_CAMPAIGN), 0,
     "The codes that hold: the campaign's own first, then the field's.", "  cadencia disposition list --campaign spring\n",
     cmd_disposition_list},
    {"disposition", "add", 1, 1, "CODE --name TEXT --category WORD --effect WORD [--campaign C] [--map ALIAS] [--fields NAME=KIND,...]",
     OPTION(OPT_CAMPAIGN) | OPTION(OPT_NAME) | OPTION(OPT_CATEGORY) | OPTION(OPT_EFFECT) | OPTION(OPT_MAP) | OPTION(OPT_FIELDS),
     OPTION(OPT_NAME) | OPTION(OPT_CATEGORY) | OPTION(OPT_EFFECT),
     "Adds a code of up to 7 capital letters and digits, for a campaign or for all; --map names ViciDial's letters for it;\n"
     "--fields what the agent writes down with it, with ! behind what must be there.",
     "  cadencia disposition add VENTA --name \"venta cerrada\" --category conversion --effect finishes --map SALE\n"
     "  cadencia disposition add PROMESA --name \"promesa de pago\" --category conversion --effect finishes --map PTP \\\n"
     "    --fields \"importe=number!,fecha=date!,nota=text\"\n",
     cmd_disposition_add},
    {"pause", "list", 0, 0, "[--campaign C]", OPTION(OPT_CAMPAIGN), 0,
     "The reasons that agents may give for a pause: the campaign's own, else the box's, else the field's.",
     "  cadencia pause list\n  cadencia pause list --campaign spring --json\n", cmd_pause_list},
    {"pause", "add", 1, 1, "CODE --name TEXT [--campaign C]", OPTION(OPT_CAMPAIGN) | OPTION(OPT_NAME), OPTION(OPT_NAME),
     "Adds a reason of up to 7 capital letters and digits, for a campaign or for all that have none of their own.",
     "  cadencia pause add BANO --name \"pausa personal\"\n", cmd_pause_add},
    {"pause", "remove", 1, 1, "CODE [--campaign C]", OPTION(OPT_CAMPAIGN), 0, "Takes an own reason away; what was logged stays.",
     "  cadencia pause remove BANO\n", cmd_pause_remove},
    {"queue", "create", 1, 1, "NAME --from FILE", OPTION(OPT_FROM), OPTION(OPT_FROM),
     "Makes a queue of callers from a template: whose agents serve it, what callers hear, how long they wait and what comes then.",
     "  cadencia queue create support --from etc/queues/support.conf\n", cmd_queue_create},
    {"queue", "set", 1, 1, "NAME --from FILE", OPTION(OPT_FROM), OPTION(OPT_FROM),
     "Changes a queue to what the template says; callers who wait there go by the new terms.",
     "  cadencia queue set support --from etc/queues/support.conf\n", cmd_queue_set},
    {"queue", "list", 0, 0, "", 0, 0, "All queues with who waits, how long, and how they were served since the start.",
     "  cadencia queue list\n  cadencia queue list --json\n", cmd_queue_list},
    {"queue", "show", 1, 1, "NAME", 0, 0, "One queue: its numbers, hours, prompts and terms.", "  cadencia queue show support\n",
     cmd_queue_show},
    {"queue", "delete", 1, 1, "NAME", 0, 0, "Deletes a queue to which no number and no other queue leads; its calls stay in the records.",
     "  cadencia queue delete support\n", cmd_queue_delete},
    {"did", "add", 2, 2, "NUMBER QUEUE", 0, 0,
     "Leads calls to a number of yours into a queue; the digits are those that the trunk sends. A number that leads elsewhere is moved.",
     "  cadencia did add +34910000001 support\n", cmd_did_add},
    {"did", "list", 0, 0, "", 0, 0, "The numbers that lead to queues; calls to any other number are refused.", "  cadencia did list\n",
     cmd_did_list},
    {"did", "remove", 1, 1, "NUMBER", 0, 0, "Calls to this number are refused from now on.", "  cadencia did remove +34910000001\n",
     cmd_did_remove},
    {"import", "list", 0, 0, "", 0, 0, "What was imported, how many rows were taken and rejected, and what may still be taken back.",
     "  cadencia import list\n", cmd_import_list},
    {"import", "undo", 1, 1, "ID", 0, 0,
     "Takes an import back: its contacts, and the people and numbers that came with it. Possible until its first dial.",
     "  cadencia import list\n  cadencia import undo 129460312345\n", cmd_import_undo},
    {"import", "mappings", 0, 0, "", 0, 0, "The kept mappings of columns.", "  cadencia import mappings\n", cmd_import_mappings},
    {"import", NULL, 1, 1, "--campaign C FILE.csv",
     OPTION(OPT_CAMPAIGN) | OPTION(OPT_COUNTRY) | OPTION(OPT_REJECTS) | OPTION(OPT_PHONE_COLUMN) | OPTION(OPT_PREVIEW) | OPTION(OPT_MAP) |
         OPTION(OPT_COLUMNS) | OPTION(OPT_MAPPING) | OPTION(OPT_SAVE_MAPPING) | OPTION(OPT_DUPLICATES) | OPTION(OPT_REQUIRE_CONSENT) |
         OPTION(OPT_UNDO),
     OPTION(OPT_CAMPAIGN),
     "Loads contacts: a header row, phone columns by their usual names in English or Spanish (several numbers a person are tried in "
     "order),\n"
     "other columns kept as fields; or ViciDial's standard file without a header. Rejected rows go to a file with line, reason and how to\n"
     "mend them. Nothing is visible to the dialer before the whole file is in, and all of it can be taken back until the first dial.\n"
     "cadencia import list, undo ID and mappings: see their --help.",
     "  cadencia import --campaign spring --preview leads.csv\n  cadencia import --campaign spring leads.csv\n"
     "  cadencia import --campaign spring --country ES --map \"Tel 1=phone,Tel 2=phone2,Expediente=id\" --save-mapping cobros "
     "clientes.csv\n"
     "  cadencia import --campaign spring --mapping cobros octubre.csv\n  cadencia import --undo 129460312345\n",
     cmd_import},
    {"list", "show", 0, 0, "[--campaign C]", OPTION(OPT_CAMPAIGN), 0,
     "Lists with their penetration: contacts, how many were tried, reached and finished, priority and share.",
     "  cadencia list show --campaign spring\n", cmd_list_show},
    {"list", "set", 1, 1, "ID --priority N --share N", OPTION(OPT_PRIORITY) | OPTION(OPT_SHARE), 0,
     "Which list is called first, and how lists of the same priority are mixed.",
     "  cadencia list set 129460312345 --priority 80\n  cadencia list set 129460312345 --share 3\n", cmd_list_set},
    {"export", "agents", 0, 0, "[--since TIME] [--until TIME] [--format csv|jsonl]", FILTERS | OPTION(OPT_FORMAT), 0,
     "The states that agents were in, one row each: for the supervisor's own sums.",
     "  cadencia export agents --since 2026-11-01 > agents.csv\n", cmd_export_table},
    {"export", "contacts", 0, 0, "[--campaign C] [--format csv|jsonl]", FILTERS | OPTION(OPT_FORMAT) | OPTION(OPT_MASK), 0,
     "Where each contact of each list stands: for the manager and the client.",
     "  cadencia export contacts --campaign spring > contacts.csv\n", cmd_export_table},
    {"export", "wrapups", 0, 0, "[--campaign C] [--since TIME] [--until TIME] [--format csv|jsonl]",
     FILTERS | OPTION(OPT_FORMAT) | OPTION(OPT_MASK), 0,
     "What agents wrote down with their codes, one call a row; fields is a JSON object.",
     "  cadencia export wrapups --campaign spring --format jsonl\n", cmd_export_table},
    {"export", "callers", 0, 0, "[--since TIME] [--until TIME] [--format csv|jsonl]",
     OPTION(OPT_SINCE) | OPTION(OPT_UNTIL) | OPTION(OPT_FORMAT), 0,
     "Who called and in which queue they waited, one row a call that came in: for whoever counts cadencia report queues again.",
     "  cadencia export callers --since 2026-11-01 > callers.csv\n", cmd_export_table},
    {"export", "campaigns", 0, 0, "[--campaign C] [--format csv|jsonl]", FILTERS | OPTION(OPT_FORMAT), 0,
     "The campaigns as they are now, limits and windows included: for whoever counts the worksheets again.",
     "  cadencia export campaigns --format jsonl > campaigns.jsonl\n", cmd_export_table},
    {"export", "audit", 0, 0, "[--since TIME] [--until TIME] [--format csv|jsonl]", FILTERS | OPTION(OPT_FORMAT) | OPTION(OPT_MASK), 0,
     "Who changed what, and when: for compliance.", "  cadencia export audit --since 2026-11-01 > audit.csv\n", cmd_export_table},
    {"export", "tsr", 0, 0, "[--since TIME] [--until TIME] [--campaign C] [--out FILE.zip]", FILTERS | OPTION(OPT_FORMAT) | OPTION(OPT_OUT),
     0, "For the Federal Trade Commission or a court: the records of 16 CFR 310.5, with worksheets of abandonment. A signed zip.",
     "  cadencia export tsr --since 2026-01-01 --until 2027-01-01 --out tsr-2026.zip\n", cmd_export_bundle},
    {"export", "ofcom", 0, 0, "[--since TIME] [--until TIME] [--campaign C] [--out FILE.zip]",
     FILTERS | OPTION(OPT_FORMAT) | OPTION(OPT_OUT), 0,
     "For Ofcom: abandoned calls by campaign and day, with the estimate of machines. A signed zip.",
     "  cadencia export ofcom --since 2026-11-01\n", cmd_export_bundle},
    {"export", "dossier", 0, 0, "--number +NUMBER [--out FILE.zip]", FILTERS | OPTION(OPT_FORMAT) | OPTION(OPT_OUT), OPTION(OPT_NUMBER),
     "For whoever answers a complaint: everything about one number, what blocked it included, and nothing of anybody else. A signed zip.",
     "  cadencia export dossier --number +12025550142\n", cmd_export_bundle},
    {"export", "registry", 0, 0, "[--since TIME] [--until TIME] [--out FILE.zip]", FILTERS | OPTION(OPT_FORMAT) | OPTION(OPT_OUT), 0,
     "For a registry's operator: which do-not-call files were loaded when, and which covered each call. A signed zip.",
     "  cadencia export registry --since 2026-11-01\n", cmd_export_bundle},
    {"export", "rules", 0, 0, "[--since TIME] [--until TIME] [--out FILE.zip]", FILTERS | OPTION(OPT_FORMAT) | OPTION(OPT_OUT), 0,
     "For an auditor: who changed which rule, campaign or list, and when. A signed zip.", "  cadencia export rules --since 2026-01-01\n",
     cmd_export_bundle},
    {"export", "chain", 0, 0, "[--out FILE.zip]", FILTERS | OPTION(OPT_FORMAT) | OPTION(OPT_OUT), 0,
     "For a notary or an expert: what verification finds, and every signed checkpoint. A signed zip.",
     "  cadencia export chain --out proof.zip\n", cmd_export_bundle},
    {"export", "calls", 0, 0, "[--campaign C] [--since TIME] [--until TIME] [--agent A] [--number N] [--format csv|jsonl]",
     FILTERS | OPTION(OPT_FORMAT) | OPTION(OPT_MASK) | OPTION(OPT_AS), 0,
     "The call log, one row an attempt, for whoever counts for himself: spreadsheets, the client's back office, auditors. Its columns are "
     "stable.",
     "  cadencia export calls --format csv > calls.csv\n  cadencia export calls --campaign spring --since 2026-11-01 --until 2026-12-01 "
     "--format jsonl\n"
     "  cadencia export calls --as vicidial > calls.csv     # dispositions by ViciDial's letters, also of what the system saw\n",
     cmd_export_calls},
    {"dnc", "add", 1, ARGS_WORDS_MAX, "NUMBER...", OPTION(OPT_SCOPE) | OPTION(OPT_SOURCE) | OPTION(OPT_COUNTRY), 0,
     "Puts numbers on a do-not-call list, at once, also for contacts that wait already.",
     "  cadencia dnc add +12025550123 --source \"letter of 3 May\"\n  cadencia dnc add +12025550124 --scope campaign:spring\n",
     cmd_dnc_add},
    {"dnc", "check", 1, 1, "NUMBER", OPTION(OPT_CAMPAIGN) | OPTION(OPT_COUNTRY), 0,
     "Is the number on a list? Exit status 1 when it is. With a campaign its own and its seller's lists count too.",
     "  cadencia dnc check +12025550123\n", cmd_dnc_check},
    {"dnc", "list", 0, 0, "", 0, 0, "All numbers on do-not-call lists, one a line.", "  cadencia dnc list\n", cmd_dnc_list},
    {"dnc", "load", 1, 1, "FILE --registry NAME --date YYYY-MM-DD | FILE --scope SCOPE --name NAME",
     OPTION(OPT_REGISTRY) | OPTION(OPT_DATE) | OPTION(OPT_SCOPE) | OPTION(OPT_NAME) | OPTION(OPT_COUNTRY), 0,
     "Loads a public registry, which replaces its last load at once, or a list of your own, which is kept for ever. One number a line, or "
     "the "
     "first column; area code and number in two columns are joined.",
     "  cadencia dnc load 202.txt --registry US-DNC --date 2026-11-15 --country US\n  cadencia dnc load old.csv --scope seller:Acme --name "
     "ACME-OLD\n",
     cmd_dnc_load},
    {"dnc", "lists", 0, 0, "", 0, 0, "The registries and lists that were loaded as files: date, age, numbers, hash.",
     "  cadencia dnc lists\n", cmd_dnc_lists},
    {"dnc", "erase", 1, 1, "NUMBER", OPTION(OPT_COUNTRY), 0,
     "Forgets the number but not the wish: a keyed hash stays on the lists in its place and blocks as before.",
     "  cadencia dnc erase +12025550123\n", cmd_dnc_erase},
    {"consent", "add", 1, 1, "NUMBER --seller NAME --basis WORD --source TEXT --date YYYY-MM-DD",
     OPTION(OPT_SELLER) | OPTION(OPT_BASIS) | OPTION(OPT_SOURCE) | OPTION(OPT_DATE) | OPTION(OPT_TEXT) | OPTION(OPT_EXPIRES) |
         OPTION(OPT_PURPOSE) | OPTION(OPT_TECHNOLOGY) | OPTION(OPT_COUNTRY),
     OPTION(OPT_SELLER) | OPTION(OPT_BASIS) | OPTION(OPT_SOURCE) | OPTION(OPT_DATE),
     "Writes into the consent ledger why this person may be called, where that came from and what was shown.",
     "  cadencia consent add +34600123456 --seller Casa --basis consent --source \"web form 12\" --date 2026-05-02 --text \"I agree "
     "...\"\n",
     cmd_consent_add},
    {"consent", "revoke", 1, 1, "NUMBER", OPTION(OPT_SELLER) | OPTION(OPT_SOURCE) | OPTION(OPT_COUNTRY), 0,
     "Takes every consent of the number back, at once; with --seller that seller's alone.", "  cadencia consent revoke +34600123456\n",
     cmd_consent_revoke},
    {"consent", "list", 0, 1, "[NUMBER]", OPTION(OPT_COUNTRY), 0, "The consent ledger, of one number or whole.",
     "  cadencia consent list +34600123456\n", cmd_consent_list},
    {"rules", "list", 0, 0, "[--region CC] [--purpose WORD]", OPTION(OPT_REGION) | OPTION(OPT_PURPOSE), 0,
     "The rules in force here: who is bound, what is asked, how well it was verified, on or off.", "  cadencia rules list --region US-FL\n",
     cmd_rules_list},
    {"rules", "show", 1, 1, "ID", 0, 0, "One rule in full, with its citation.", "  cadencia rules show US-REGF-7\n", cmd_rules_show},
    {"rules", "test", 0, 1, "[FILE]", 0, 0,
     "Runs the test vectors of the packs (or of one file) against the rules in force. Exit status 1 when one fails.",
     "  cadencia rules test\n", cmd_rules_test},
    {"rules", "diff", 1, 1, "FILE", 0, 0, "What would change if this pack stood in the place of the one of the same name.",
     "  cadencia rules diff us-2027.conf\n", cmd_rules_diff},
    {"rules", "reload", 0, 0, "", 0, 0, "Reads packs and calendars anew: all of them or, when one is wrong, none.",
     "  cadencia rules reload\n", cmd_rules_reload},
    {"calendar", "load", 1, 1, "FILE.csv", OPTION(OPT_NAME), 0,
     "Adds a calendar of the site: regional holidays, declared bans. Lines \"2026-05-02,ES-MD,holiday,NAME\" or "
     "\"2026-08-28,US-LA,ban,NAME\".",
     "  cadencia calendar load etc/calendars/ES-regions.csv\n", cmd_calendar_load},
    {"calendar", "list", 0, 0, "[--region CC]", OPTION(OPT_REGION) | OPTION(OPT_DATE), 0,
     "Holidays and bans from a day on (default today), by region.", "  cadencia calendar list --region ES\n", cmd_calendar_list},
    {"why", "contact", 1, 1, "NUMBER|ID [--campaign C] [--at TIME]",
     OPTION(OPT_CAMPAIGN) | OPTION(OPT_AT) | OPTION(OPT_LANG) | OPTION(OPT_COUNTRY), 0,
     "May this person be called now? Every rule with what it looked at and what it says, and the earliest next time.",
     "  cadencia why contact +12025550123 --campaign spring\n  cadencia why contact +34600123456 --at 2026-12-06T11:00 --lang es\n",
     cmd_why_contact},
    {"why", "campaign", 1, 1, "NAME [--at TIME]", OPTION(OPT_AT) | OPTION(OPT_LANG), 0,
     "Why does it not dial? How many contacts may be called now and in the next hours; the others by reason.",
     "  cadencia why campaign spring\n", cmd_why_campaign},
    {"status", NULL, 0, 0, "", 0, 0, "The floor now: calls by state, agents, answers and abandonment.",
     "  cadencia status\n  cadencia status --json\n", cmd_status},
    {"user", "add", 1, 1, "NAME --role supervisor | --role agent --agent A", OPTION(OPT_ROLE) | OPTION(OPT_AGENT) | OPTION(OPT_PASSWORD),
     OPTION(OPT_ROLE), "Makes somebody who may sign in to the console: a supervisor sees the floor, an agent works at a desk.",
     "  cadencia user add maria --role supervisor\n  printf %s \"$SECRET\" | cadencia user add anna --role agent --agent anna --password "
     "-\n",
     cmd_user_add},
    {"user", "password", 1, 1, "NAME", OPTION(OPT_PASSWORD), 0, "Sets a new password, unlocks the user and ends the user's sessions.",
     "  cadencia user password anna\n", cmd_user_password},
    {"user", "list", 0, 0, "", 0, 0, "Who may sign in.", "  cadencia user list\n", cmd_user_list},
    {"user", "remove", 1, 1, "NAME", 0, 0,
     "Takes the right to sign in away; open sessions end within ten seconds, what is only looked at within ten minutes.",
     "  cadencia user remove anna\n", cmd_user_remove},
    {"session", "open", 1, 1, "NAME", OPTION(OPT_PASSWORD), 0, "For the console: name and password against a token.",
     "  cadencia session open anna --json\n", cmd_session_open},
    {"session", "check", 1, 1, "TOKEN", 0, 0, "For the console: whose session it is.", "  cadencia session check TOKEN --json\n",
     cmd_session_check},
    {"session", "close", 1, 1, "TOKEN", 0, 0, "For the console: signs out.", "  cadencia session close TOKEN\n", cmd_session_close},
    {"session", "exported", 2, 2, "KIND DETAIL", OPTION(OPT_NUMBER), 0, "For the exports: notes in the audit log who takes what.",
     "  cadencia session exported calls {}\n", cmd_export_note},
    {"session", "setup", 2, 2, "NAME CODE", OPTION(OPT_PASSWORD), 0,
     "For the console: the first supervisor, by the one-time link that the first start prints.", "  cadencia session setup maria CODE\n",
     cmd_session_setup},
    {"desk", "show", 1, 1, "AGENT", 0, 0, "What the agent's desk shows: state, the contact at hand, own figures.",
     "  cadencia desk show anna --json\n", cmd_desk_show},
    {"desk", "note", 3, 3, "AGENT ATTEMPT TEXT", 0, 0, "Keeps what the agent has written so far about the call at hand.",
     "  cadencia desk note anna 12345 \"calls back at five\"\n", cmd_desk_note},
    {"why", "dial", 0, 0, "--campaign NAME [--at TIME]", OPTION(OPT_CAMPAIGN) | OPTION(OPT_AT) | OPTION(OPT_FOR) | OPTION(OPT_LANG),
     OPTION(OPT_CAMPAIGN), "What the pacer saw, expected and decided in a second of the last days, and what held it back.",
     "  cadencia why dial --campaign spring\n  cadencia why dial --campaign spring --at 10:31:07 --for 60\n"
     "  cadencia why dial --campaign spring --lang es\n",
     cmd_why_dial},
    {"person", "access", 0, 0, "--number +NUMBER [--out FILE.zip]", FILTERS | OPTION(OPT_FORMAT) | OPTION(OPT_OUT), OPTION(OPT_NUMBER),
     "What the person may have: everything that is kept about the number, as a signed zip.",
     "  cadencia person access --number +12025550142\n", cmd_person_access},
    {"person", "erase", 0, 0, "--number +NUMBER --basis TEXT [--yes]", FILTERS | OPTION(OPT_BASIS) | OPTION(OPT_YES),
     OPTION(OPT_NUMBER) | OPTION(OPT_BASIS),
     "Takes the person's numbers and data away, contacts and logs included; rows stay without them, a chained row says so, an opt-out "
     "stays as a "
     "keyed hash. Without --yes it only says what would go.",
     "  cadencia person erase --number +12025550142 --basis \"request 2026-117\" --yes\n", cmd_person_erase},
    {"retention", NULL, 0, 1, "[all|calls|decisions|audit|contacts] --days DAYS [--yes] | --hold on|off",
     OPTION(OPT_DAYS) | OPTION(OPT_YES) | OPTION(OPT_HOLD), 0,
     "Takes the numbers out of calls, decisions and audit rows that are older, in archives as well, and the people whose contacts are all\n"
     "finished; one kind or all. The rows and the chain stay. A legal hold stops every erasure.",
     "  cadencia retention --days 1825 --yes\n  cadencia retention decisions --days 400 --yes\n  cadencia retention --hold on\n",
     cmd_retention},
    {"archive", NULL, 0, 0, "[--days DAYS [--yes]]", OPTION(OPT_DAYS) | OPTION(OPT_YES), 0,
     "Moves months of calls, decisions and agents' states that ended more than DAYS ago into files of their own, one a month, while it\n"
     "dials. Reports, exports, dossiers, erasure and verify go on seeing them. Without --days: which months are archived.",
     "  cadencia archive\n  cadencia archive --days 400 --yes\n", cmd_archive},
    {"backup", NULL, 1, 1, "FILE --password-file FILE", OPTION(OPT_PASSWORD_FILE), OPTION(OPT_PASSWORD_FILE),
     "The whole state of the box, keys included, in one encrypted file, while it dials.",
     "  cadencia backup /mnt/safe/box1.backup --password-file /root/backup.pw\n", cmd_backup},
    {"restore", NULL, 1, 1, "FILE --password-file FILE", OPTION(OPT_PASSWORD_FILE), OPTION(OPT_PASSWORD_FILE),
     "A backup into the state folder of the configuration, which has no database yet. Nothing is overwritten.",
     "  cadencia restore /mnt/safe/box1.backup --password-file /root/backup.pw\n", cmd_restore},
    {"doctor", NULL, 0, 0, "", 0, 0, "Looks at database, disk, clock, zones, registries, keys and chain, and says what to do.",
     "  cadencia doctor\n  cadencia doctor --json\n", cmd_doctor},
    {"report", NULL, 0, 1, "[KIND]", FILTERS | OPTION(OPT_FORMAT) | OPTION(OPT_ROWS) | OPTION(OPT_GROUP) | OPTION(OPT_LANGUAGE), 0,
     "Figures, each computed in one place from the rows of the log; --rows shows the rows behind one. Without KIND: which reports there "
     "are. "
     "dictionary prints every formula.",
     "  cadencia report outbound --since 2026-11-01\n  cadencia report abandonment --campaign spring\n"
     "  cadencia report agents --format csv --language es\n  cadencia report outbound --rows abandoned --group spring\n",
     cmd_report},
    {"verify", NULL, 0, 0, "[--against FILE]", OPTION(OPT_AGAINST), 0,
     "Proves the logs: names the first row of calls, decisions or audit that was altered, taken out, put in or moved. With a checkpoint "
     "that left the box, also a tail that was cut off or written anew.",
     "  cadencia verify\n  cadencia verify --against /mnt/notary/checkpoint-0-1a2b3c4d-00000042.txt\n  cadencia verify --json\n",
     cmd_verify},
    {"fingerprint", "list", 0, 0, "", 0, 0, "Announcements that detection knows, by trunk; those heard at two numbers are in use.",
     "  cadencia fingerprint list\n", cmd_fingerprint_list},
    {"fingerprint", "export", 0, 0, "", 0, 0, "Writes them as JSON lines, bits in hexadecimal.",
     "  cadencia fingerprint export > announcements.jsonl\n", cmd_fingerprint_export},
    {"fingerprint", "learn", 1, 1, "FILE [--as machine|screening] [--trunk NAME]", OPTION(OPT_AS) | OPTION(OPT_TRUNK), 0,
     "An announcement that you recorded yourself (WAV or FLAC, from the answer on): known at once, on one trunk or on all.",
     "  cadencia fingerprint learn who-is-calling.wav --as screening\n"
     "  cadencia fingerprint learn not-in-service.wav --as machine --trunk carrier\n",
     cmd_fingerprint_learn},
    {"fingerprint", "forget", 1, 1, "ID|all", 0, 0, "Removes one, or all; a running daemon uses it until it is started again.",
     "  cadencia fingerprint forget 8812345678\n  cadencia fingerprint forget all\n", cmd_fingerprint_forget},
    {"label", NULL, 0, 0, "[--file CALL --as WORD]", OPTION(OPT_FILE) | OPTION(OPT_AS), 0,
     "What a call really was: the truth that detection's mistakes are measured by. Without options: what is known of them.",
     "  cadencia label\n  cadencia label --file 88123456789 --as person\n", cmd_label},
    {"check", NULL, 0, 1, "[CONFIG]", 0, 0, "Checks a configuration file or a tone plan: \"ok\", or every error with its line and the fix.",
     "  cadencia check /etc/cadencia/cadencia.conf\n  cadencia check etc/tones/ES.conf\n", cmd_check},
    {"trunk", "list", 0, 0, "", 0, 0,
     "The carriers: state and why, calls, answers (ASR), network (NER), delay until it rings (PDD), causes.",
     "  cadencia trunk list\n  cadencia trunk list --json\n", cmd_trunk_list},
    {NULL, NULL, 0, 0, NULL, 0, 0, NULL, NULL, NULL}};

bool command_alone(const struct command *c) {
  static int (*const ALONE[])(struct command_call *) = {cmd_export_calls, cmd_dnc_list,      cmd_check,        cmd_verify,
                                                        cmd_report,       cmd_export_bundle, cmd_export_table, cmd_person_access,
                                                        cmd_backup,       cmd_restore,       cmd_doctor};
  for (size_t i = 0; i < sizeof ALONE / sizeof ALONE[0]; i++)
    if (c->run == ALONE[i]) return true;
  return false;
}

const struct command *command_table(void) { return TABLE; }

int command_run(struct command_call *call) { return call->args->command->run(call); }

void call_put_json(struct command_call *c, json_t *value) {
  char *text = value ? json_dumps(value, JSON_INDENT(2) | JSON_PRESERVE_ORDER) : NULL;
  if (text) fprintf(c->out, "%s\n", text);
  free(text);
  json_decref(value);
}

int call_refuse(struct command_call *c, const char *fmt, ...) {
  char text[512];
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(text, sizeof text, fmt, ap);
  va_end(ap);
  if (call_json(c))
    call_put_json(c, json_pack("{s:o}", "error", json_text(text)));
  else
    fprintf(c->err, "cadencia %s: %s\n", c->args->command->verb, text);
  return EXIT_REFUSED;
}

void call_tell_of_file(struct command_call *c, const char *fd, const char *said) {
  size_t n = strlen(fd);
  for (const char *hit; said && (hit = strstr(said, fd)); said = hit + n)
    fprintf(c->err, "%.*s%s", (int)(hit - said), said, c->args->words[0]);
  fputs(said ? said : "", c->err);
}

int call_refuse_store(struct command_call *c, int err, const char *what) {
  switch (err) {
  case CAD_ENOENT: return call_refuse(c, "there is no %s", what);
  case CAD_EEXIST: return call_refuse(c, "%s is there already; choose another name", what);
  case CAD_EFULL: return call_refuse(c, "%s: no room, a limit is reached", what);
  default: return call_refuse(c, "%s: the database says %s", what, err_name(err));
  }
}

json_t *json_text(const char *text) {
  json_t *j = json_string(text);
  return j ? j : json_string("(no valid text)");
}

json_t *json_id(uint64_t id) {
  char text[24];
  snprintf(text, sizeof text, "%llu", (unsigned long long)id);
  return json_string(text);
}

json_t *json_time(struct wall t) {
  char text[25];
  clock_iso8601(t, text);
  return text[0] ? json_string(text) : json_null();
}
