#include <campaigns/report.h>
#include <inttypes.h>
#include <string.h>

static const struct measure_row MEASURES[MEASURE_COUNT] = {
    [M_DIALS] = {"dials", "1 for every outbound call: an INVITE left the box"},
    [M_ANSWERED] = {"answered", "answered_at is set"},
    [M_HUMAN] = {"human", "outcome is connected, abandoned or early_hangup, and party is not nobody"},
    [M_CONNECTED] = {"connected", "outcome is connected: an agent was bridged in"},
    [M_RPC] = {"right_party", "party is right_party or conversion"},
    [M_CONVERSIONS] = {"conversions", "party is conversion"},
    [M_LIVE] = {"live", "live: answered by a person, connected or abandoned; the law's denominator"},
    [M_ABANDONED] = {"abandoned", "abandoned: a person, and no agent within the legal wait; the law's numerator"},
    [M_EARLY] = {"early_hangups", "outcome is early_hangup: the person hung up within the legal wait"},
    [M_MACHINE] = {"machines", "outcome is machine"},
    [M_SCREENING] = {"screened", "outcome is screening: a call-screening robot"},
    [M_FAX] = {"faxes", "outcome is fax"},
    [M_DEAD_AIR] = {"dead_air", "outcome is dead_air"},
    [M_NO_ANSWER] = {"no_answer", "outcome is no_answer"},
    [M_BUSY] = {"busy", "outcome is busy"},
    [M_REJECTED] = {"rejected", "outcome is rejected: the callee declined"},
    [M_UNWANTED] = {"unwanted", "outcome is unwanted: the callee said so (607)"},
    [M_BLOCKED] = {"blocked", "outcome is blocked: analytics on the way (608, 603+), not the callee"},
    [M_INVALID] = {"invalid_numbers", "outcome is invalid_number"},
    [M_CONGESTION] = {"congestion", "outcome is congestion"},
    [M_CANCELLED] = {"cancelled", "outcome is cancelled: given up for a reason of ours"},
    [M_FAILED] = {"failed", "outcome is failed"},
    [M_INTERRUPTED] = {"interrupted", "outcome is interrupted: the box stopped in mid-call"},
    [M_MESSAGE] = {"messages_left", "outcome is message_left: a machine, and our recorded message was played to its end"},
    [M_NETWORK_GOOD] = {"network_good", "answered_at is set, or outcome is busy, no_answer, rejected or unwanted"},
    [M_AGENT_MACHINES] = {"agent_machines", "outcome is connected and category is machine: a machine that an agent had to hear"},
    [M_MACHINES_LABELLED] = {"machines_labelled", "verdict is machine, and label is set: somebody listened"},
    [M_PEOPLE_LOST] = {"people_lost", "verdict is machine, and label is person"},
    [M_TALK_MS] = {"talk_ms", "talk_ms"},
    [M_WRAP_MS] = {"wrapup_ms", "wrapup_ms"},
    [M_RANG] = {"rang", "ringing_at is set"},
    [M_PDD_MS] = {"post_dial_delay_ms", "ringing_at - started_at, when it rang"},
    [M_ANSWERED_MS] = {"answered_ms", "ended_at - answered_at, when answered and ended"},
    [M_WAIT_MS] = {"connect_wait_ms", "bridged_at - greeting_end_at (answered_at without one), when connected and not negative"},
    [M_OFFERED] = {"offered", "1 for every inbound call"},
    [M_IN_ANSWERED] = {"in_answered", "inbound, bridged_at is set"},
    [M_IN_ANSWERED_FAST] = {"in_answered_fast",
                            "inbound, bridged_at is set and wait <= 20 s; wait = (bridged_at, else ended_at) - started_at"},
    [M_IN_ABANDONED] = {"in_abandoned", "inbound, ended, bridged_at is not set"},
    [M_IN_ABANDONED_FAST] = {"in_abandoned_fast", "inbound, abandoned with wait <= 20 s"},
    [M_IN_ABANDONED_SLOW] = {"in_abandoned_slow", "inbound, abandoned with wait > 20 s"},
    [M_IN_ABANDONED_LONG] = {"in_abandoned_long", "inbound, abandoned with wait > 5 s"},
    [M_IN_OFFERED_LONG] = {"in_offered_long", "inbound, but for those abandoned with wait <= 5 s"},
    [M_IN_WAIT_ANSWERED_MS] = {"in_wait_answered_ms", "wait of inbound calls that were answered"},
    [M_IN_WAIT_ABANDONED_MS] = {"in_wait_abandoned_ms", "wait of inbound calls that were abandoned"},
    [M_IN_WAIT_MS] = {"in_wait_ms", "wait of all inbound calls that ended or were answered"},
    [M_IN_LONGEST_MS] = {"in_longest_ms", "wait of the inbound call that waited longest (the greatest of all, not their sum)"},
    [M_READY_MS] = {"ready_ms", "agent rows: to - from in state ready"},
    [M_RESERVED_MS] = {"reserved_ms", "agent rows: to - from in state reserved"},
    [M_TALKING_MS] = {"talking_ms", "agent rows: to - from in state talking"},
    [M_WRAPPING_MS] = {"wrapping_ms", "agent rows: to - from in state wrapup"},
    [M_PAUSED_MS] = {"paused_ms", "agent rows: to - from in state paused"},
    [M_LEADS] = {"leads", "contact rows: 1 for every contact of a visible list"},
    [M_TRIED] = {"tried", "contact rows: tries > 0"},
    [M_REACHED] = {"reached", "contact rows: reached, a call of it was human"},
    [M_FINISHED] = {"finished", "contact rows: status is done"},
    [M_LIST_ATTEMPTS] = {"list_attempts", "contact rows: tries"},
};
const struct measure_row *measure_row(enum measure m) { return &MEASURES[m]; }

static bool party_is(const struct call_row *r, const char *word) { return strcmp(r->party, word) == 0; }
static bool category_is(const struct call_row *r, const char *word) { return strcmp(r->category, word) == 0; }

static void measure_inbound(const struct call_row *r, int64_t m[MEASURE_COUNT]) {
  bool answered = r->bridged.ms != 0, over = answered || r->ended.ms != 0;
  int64_t wait = over ? (answered ? r->bridged.ms : r->ended.ms) - r->started.ms : 0;
  m[M_OFFERED] = 1;
  m[M_IN_OFFERED_LONG] = !(over && !answered && wait <= WAIT_SHORT_MS);
  m[M_IN_WAIT_MS] = m[M_IN_LONGEST_MS] = wait;
  if (answered) {
    m[M_IN_ANSWERED] = 1;
    m[M_IN_ANSWERED_FAST] = wait <= WAIT_FAST_MS;
    m[M_IN_WAIT_ANSWERED_MS] = wait;
  } else if (over) {
    m[M_IN_ABANDONED] = 1;
    m[M_IN_ABANDONED_FAST] = wait <= WAIT_FAST_MS;
    m[M_IN_ABANDONED_SLOW] = wait > WAIT_FAST_MS;
    m[M_IN_ABANDONED_LONG] = wait > WAIT_SHORT_MS;
    m[M_IN_WAIT_ABANDONED_MS] = wait;
  }
}

static void measure_outcome(const struct call_row *r, int64_t m[MEASURE_COUNT]) {
  static const uint8_t OF[OUTCOME_COUNT] = {[OUTCOME_CONNECTED] = M_CONNECTED,
                                            [OUTCOME_EARLY_HANGUP] = M_EARLY,
                                            [OUTCOME_MACHINE] = M_MACHINE,
                                            [OUTCOME_SCREENING] = M_SCREENING,
                                            [OUTCOME_FAX] = M_FAX,
                                            [OUTCOME_DEAD_AIR] = M_DEAD_AIR,
                                            [OUTCOME_NO_ANSWER] = M_NO_ANSWER,
                                            [OUTCOME_BUSY] = M_BUSY,
                                            [OUTCOME_REJECTED] = M_REJECTED,
                                            [OUTCOME_UNWANTED] = M_UNWANTED,
                                            [OUTCOME_BLOCKED] = M_BLOCKED,
                                            [OUTCOME_INVALID_NUMBER] = M_INVALID,
                                            [OUTCOME_CONGESTION] = M_CONGESTION,
                                            [OUTCOME_CANCELLED] = M_CANCELLED,
                                            [OUTCOME_FAILED] = M_FAILED,
                                            [OUTCOME_INTERRUPTED] = M_INTERRUPTED,
                                            [OUTCOME_MESSAGE_LEFT] = M_MESSAGE};
  if (r->outcome < OUTCOME_COUNT && OF[r->outcome]) m[OF[r->outcome]] = 1;
}

void measure_call(const struct call_row *r, int64_t m[MEASURE_COUNT]) {
  memset(m, 0, MEASURE_COUNT * sizeof *m);
  m[M_TALK_MS] = r->talk_ms;
  m[M_WRAP_MS] = r->wrapup_ms;
  m[M_CONNECTED] = r->outcome == OUTCOME_CONNECTED;
  m[M_RPC] = party_is(r, "right_party") || party_is(r, "conversion");
  m[M_CONVERSIONS] = party_is(r, "conversion");
  if (r->inbound) {
    measure_inbound(r, m);
    return;
  }
  m[M_DIALS] = 1;
  m[M_ANSWERED] = r->answered.ms != 0;
  m[M_HUMAN] =
      (r->outcome == OUTCOME_CONNECTED || r->outcome == OUTCOME_ABANDONED || r->outcome == OUTCOME_EARLY_HANGUP) && !party_is(r, "nobody");
  m[M_LIVE] = r->live;
  m[M_ABANDONED] = r->abandoned;
  measure_outcome(r, m);
  m[M_NETWORK_GOOD] = r->answered.ms != 0 || r->outcome == OUTCOME_BUSY || r->outcome == OUTCOME_NO_ANSWER ||
                      r->outcome == OUTCOME_REJECTED || r->outcome == OUTCOME_UNWANTED;
  m[M_AGENT_MACHINES] = r->outcome == OUTCOME_CONNECTED && category_is(r, "machine");
  m[M_MACHINES_LABELLED] = r->verdict == VERDICT_MACHINE && r->label != 0;
  m[M_PEOPLE_LOST] = r->verdict == VERDICT_MACHINE && r->label == VERDICT_PERSON;
  m[M_RANG] = r->ringing.ms != 0;
  if (r->ringing.ms) m[M_PDD_MS] = r->ringing.ms - r->started.ms;
  if (r->answered.ms && r->ended.ms) m[M_ANSWERED_MS] = r->ended.ms - r->answered.ms;
  int64_t heard = r->greeting_end.ms ? r->greeting_end.ms : r->answered.ms;
  if (r->outcome == OUTCOME_CONNECTED && r->bridged.ms > heard && heard) m[M_WAIT_MS] = r->bridged.ms - heard;
}

void measure_agent(const struct agent_row *r, int64_t m[MEASURE_COUNT]) {
  static const uint8_t OF[AGENT_STATE_COUNT] = {[AGENT_PAUSED] = M_PAUSED_MS,
                                                [AGENT_READY] = M_READY_MS,
                                                [AGENT_RESERVED] = M_RESERVED_MS,
                                                [AGENT_TALKING] = M_TALKING_MS,
                                                [AGENT_WRAPUP] = M_WRAPPING_MS};
  memset(m, 0, MEASURE_COUNT * sizeof *m);
  if (r->state < AGENT_STATE_COUNT && OF[r->state] && r->to.ms > r->from.ms) m[OF[r->state]] = r->to.ms - r->from.ms;
}

/* ---- figures ---- */

#define ALL_TIME M_READY_MS, M_RESERVED_MS, M_TALKING_MS, M_WRAPPING_MS, M_PAUSED_MS
#define COUNT_OF(id, measure, en, es)                                                                                                      \
  {                                                                                                                                        \
    id, en, es, KPI_COUNT, {measure, -1}, { -1 }                                                                                           \
  }
static const struct kpi KPIS[] = {
    COUNT_OF("dials", M_DIALS, "Dials", "Marcaciones"),
    COUNT_OF("answered", M_ANSWERED, "Answered", "Contestadas"),
    {"answer_rate", "Answer rate", "Tasa de respuesta", KPI_SHARE, {M_ANSWERED, -1}, {M_DIALS, -1}},
    COUNT_OF("human", M_HUMAN, "People", "Personas"),
    {"human_rate", "Contact rate", "Contactabilidad", KPI_SHARE, {M_HUMAN, -1}, {M_DIALS, -1}},
    COUNT_OF("connected", M_CONNECTED, "Connected", "Conectadas"),
    COUNT_OF("right_party", M_RPC, "Right party", "Contacto directo"),
    {"rpc_rate", "RPC of dials", "Contacto directo / marcaciones", KPI_SHARE, {M_RPC, -1}, {M_DIALS, -1}},
    {"rpc_of_human", "RPC of people", "Contacto directo / personas", KPI_SHARE, {M_RPC, -1}, {M_HUMAN, -1}},
    COUNT_OF("conversions", M_CONVERSIONS, "Conversions", "Conversiones"),
    {"conversion_rate", "Conversion", "Conversión", KPI_SHARE, {M_CONVERSIONS, -1}, {M_RPC, -1}},
    COUNT_OF("live", M_LIVE, "Live answers", "Respuestas vivas"),
    COUNT_OF("abandoned", M_ABANDONED, "Abandoned", "Abandonadas"),
    {"abandonment", "Abandonment", "Abandono", KPI_SHARE, {M_ABANDONED, -1}, {M_LIVE, -1}},
    COUNT_OF("early_hangups", M_EARLY, "Early hang-ups", "Cuelgues tempranos"),
    COUNT_OF("machines", M_MACHINE, "Machines", "Contestadores"),
    COUNT_OF("screened", M_SCREENING, "Screened", "Filtradas"),
    COUNT_OF("faxes", M_FAX, "Faxes", "Faxes"),
    COUNT_OF("dead_air", M_DEAD_AIR, "Dead air", "Silencio"),
    COUNT_OF("no_answer", M_NO_ANSWER, "No answer", "Sin respuesta"),
    COUNT_OF("busy", M_BUSY, "Busy", "Ocupado"),
    COUNT_OF("rejected", M_REJECTED, "Rejected", "Rechazadas"),
    COUNT_OF("unwanted", M_UNWANTED, "Unwanted", "No deseadas"),
    COUNT_OF("blocked", M_BLOCKED, "Blocked", "Bloqueadas"),
    {"blocked_rate", "Blocked of dials", "Bloqueo", KPI_SHARE, {M_BLOCKED, -1}, {M_DIALS, -1}},
    COUNT_OF("invalid_numbers", M_INVALID, "Invalid", "Inválidos"),
    COUNT_OF("congestion", M_CONGESTION, "Congestion", "Congestión"),
    COUNT_OF("cancelled", M_CANCELLED, "Cancelled", "Canceladas"),
    COUNT_OF("failed", M_FAILED, "Failed", "Fallidas"),
    COUNT_OF("interrupted", M_INTERRUPTED, "Interrupted", "Interrumpidas"),
    COUNT_OF("messages_left", M_MESSAGE, "Messages left", "Mensajes dejados"),
    {"talk_avg", "ATT ms", "Conversación media ms", KPI_MS, {M_TALK_MS, -1}, {M_CONNECTED, -1}},
    {"wrapup_avg", "ACW ms", "Postllamada media ms", KPI_MS, {M_WRAP_MS, -1}, {M_CONNECTED, -1}},
    {"aht", "AHT ms", "TMO ms", KPI_MS, {M_TALK_MS, M_WRAP_MS, -1}, {M_CONNECTED, -1}},
    {"connect_wait", "Connect ms", "Espera de conexión ms", KPI_MS, {M_WAIT_MS, -1}, {M_CONNECTED, -1}},
    {"asr", "ASR", "ASR", KPI_SHARE, {M_ANSWERED, -1}, {M_DIALS, -1}},
    {"ner", "NER", "NER", KPI_SHARE, {M_NETWORK_GOOD, -1}, {M_DIALS, -1}},
    {"pdd", "PDD ms", "PDD ms", KPI_MS, {M_PDD_MS, -1}, {M_RANG, -1}},
    {"acd", "ACD ms", "Duración media ms", KPI_MS, {M_ANSWERED_MS, -1}, {M_ANSWERED, -1}},
    COUNT_OF("agent_machines", M_AGENT_MACHINES, "Machines to agents", "Contestadores a agentes"),
    {"agent_machine_rate", "Machines of connected", "Contestadores / conectadas", KPI_SHARE, {M_AGENT_MACHINES, -1}, {M_CONNECTED, -1}},
    COUNT_OF("machines_labelled", M_MACHINES_LABELLED, "Machines labelled", "Contestadores revisados"),
    COUNT_OF("people_lost", M_PEOPLE_LOST, "Of these people", "De ellos personas"),
    {"people_lost_rate",
     "People taken for machines",
     "Personas tomadas por contestador",
     KPI_SHARE,
     {M_PEOPLE_LOST, -1},
     {M_MACHINES_LABELLED, -1}},
    COUNT_OF("offered", M_OFFERED, "Offered", "Ofrecidas"),
    COUNT_OF("in_answered", M_IN_ANSWERED, "Answered", "Atendidas"),
    COUNT_OF("in_abandoned", M_IN_ABANDONED, "Abandoned", "Abandonadas"),
    {"asa", "ASA ms", "Espera media atendidas ms", KPI_MS, {M_IN_WAIT_ANSWERED_MS, -1}, {M_IN_ANSWERED, -1}},
    {"wait_avg", "Wait ms", "Espera media ms", KPI_MS, {M_IN_WAIT_MS, -1}, {M_OFFERED, -1}},
    {"wait_to_abandon", "Wait to abandon ms", "Espera hasta abandono ms", KPI_MS, {M_IN_WAIT_ABANDONED_MS, -1}, {M_IN_ABANDONED, -1}},
    COUNT_OF("longest_wait", M_IN_LONGEST_MS, "Longest wait ms", "Espera máxima ms"),
    {"service_level", "SL 20 s", "Nivel de servicio 20 s", KPI_SHARE, {M_IN_ANSWERED_FAST, -1}, {M_IN_ANSWERED, M_IN_ABANDONED_SLOW, -1}},
    {"service_level_offered", "SL of offered", "NS / ofrecidas", KPI_SHARE, {M_IN_ANSWERED_FAST, -1}, {M_OFFERED, -1}},
    {"service_level_all",
     "SL with abandoned",
     "NS con abandonos",
     KPI_SHARE,
     {M_IN_ANSWERED_FAST, M_IN_ABANDONED_FAST, -1},
     {M_OFFERED, -1}},
    {"service_level_answered", "SL of answered", "NS / atendidas", KPI_SHARE, {M_IN_ANSWERED_FAST, -1}, {M_IN_ANSWERED, -1}},
    {"in_abandonment", "Abandonment > 5 s", "Abandono > 5 s", KPI_SHARE, {M_IN_ABANDONED_LONG, -1}, {M_IN_OFFERED_LONG, -1}},
    {"in_abandonment_raw", "Abandonment", "Abandono bruto", KPI_SHARE, {M_IN_ABANDONED, -1}, {M_OFFERED, -1}},
    {"occupancy",
     "Occupancy",
     "Ocupación",
     KPI_SHARE,
     {M_TALKING_MS, M_WRAPPING_MS, -1},
     {M_TALKING_MS, M_WRAPPING_MS, M_READY_MS, M_RESERVED_MS, -1}},
    {"utilisation", "Utilisation", "Utilización", KPI_SHARE, {M_TALKING_MS, M_WRAPPING_MS, M_READY_MS, M_RESERVED_MS, -1}, {ALL_TIME}},
    COUNT_OF("talking_ms", M_TALKING_MS, "Talk ms", "Conversación ms"),
    COUNT_OF("wrapping_ms", M_WRAPPING_MS, "Wrap-up ms", "Postllamada ms"),
    {"waiting_ms", "Wait ms", "Espera ms", KPI_COUNT, {M_READY_MS, M_RESERVED_MS, -1}, {-1}},
    COUNT_OF("paused_ms", M_PAUSED_MS, "Pause ms", "Pausa ms"),
    {"logged_in_ms", "Logged in ms", "Conectado ms", KPI_COUNT, {ALL_TIME}, {-1}},
    {"sales_per_hour", "Conversions/h", "Conversiones/h", KPI_PER_HOUR, {M_CONVERSIONS, -1}, {ALL_TIME}},
    {"rpc_per_hour", "RPC/h", "Contacto directo/h", KPI_PER_HOUR, {M_RPC, -1}, {ALL_TIME}},
    COUNT_OF("leads", M_LEADS, "Leads", "Registros"),
    COUNT_OF("tried", M_TRIED, "Called", "Llamados"),
    {"penetration", "Penetration", "Barrido", KPI_SHARE, {M_TRIED, -1}, {M_LEADS, -1}},
    COUNT_OF("reached", M_REACHED, "Reached", "Contactados"),
    {"reached_rate", "Reached of called", "Contactados / llamados", KPI_SHARE, {M_REACHED, -1}, {M_TRIED, -1}},
    COUNT_OF("finished", M_FINISHED, "Finished", "Terminados"),
    {"finished_rate", "Finished of leads", "Terminados / registros", KPI_SHARE, {M_FINISHED, -1}, {M_LEADS, -1}},
    {"attempts_per_lead", "Attempts/lead", "Intentos/registro", KPI_RATIO, {M_LIST_ATTEMPTS, -1}, {M_TRIED, -1}},
};

const struct kpi *kpi_table(size_t *count) {
  *count = sizeof KPIS / sizeof KPIS[0];
  return KPIS;
}

const struct kpi *kpi_find(const char *id) {
  for (size_t i = 0; i < sizeof KPIS / sizeof KPIS[0]; i++)
    if (strcmp(KPIS[i].id, id) == 0) return &KPIS[i];
  return NULL;
}

static int64_t sum(const int8_t *terms, const int64_t m[MEASURE_COUNT]) {
  int64_t total = 0;
  for (int i = 0; i < KPI_TERMS && terms[i] >= 0; i++) total += m[terms[i]];
  return total;
}

struct kpi_value kpi_value(const struct kpi *k, const int64_t m[MEASURE_COUNT]) {
  return (struct kpi_value){sum(k->num, m), k->unit == KPI_COUNT ? 1 : sum(k->den, m)};
}

bool kpi_counts(const struct kpi *k, const int64_t m[MEASURE_COUNT]) { return sum(k->num, m) != 0; }

enum kpi_source kpi_source(const struct kpi *k) {
  return k->num[0] >= M_LEADS ? KPI_OF_CONTACTS : k->num[0] >= M_READY_MS ? KPI_OF_AGENTS : KPI_OF_CALLS;
}

/* num * scale / den, half up, exact: the product needs more than 64 bits. */
__extension__ typedef __int128 wide;
static int64_t rounded(int64_t num, int64_t scale, int64_t den) { return (int64_t)(((wide)num * scale * 2 + den) / ((wide)den * 2)); }

void kpi_text(const struct kpi *k, struct kpi_value v, char out[KPI_TEXT_BYTES]) {
  if (v.den == 0) {
    snprintf(out, KPI_TEXT_BYTES, "-");
    return;
  }
  switch (k->unit) {
  case KPI_COUNT: snprintf(out, KPI_TEXT_BYTES, "%" PRId64, v.num); return;
  case KPI_MS: snprintf(out, KPI_TEXT_BYTES, "%" PRId64, rounded(v.num, 1, v.den)); return;
  default: break;
  }
  int64_t hundredths = rounded(v.num, k->unit == KPI_SHARE ? 10000 : k->unit == KPI_RATIO ? 100 : 360000000, v.den);
  snprintf(out, KPI_TEXT_BYTES, "%" PRId64 ".%02d", hundredths / 100, (int)(hundredths % 100));
}

static void print_terms(FILE *out, const int8_t *terms) {
  for (int i = 0; i < KPI_TERMS && terms[i] >= 0; i++) fprintf(out, "%s%s", i ? " + " : "", MEASURES[terms[i]].word);
}

void kpi_print(FILE *out) {
  static const char *const UNITS[] = {"number", "percent", "ms", "per hour", "ratio"};
  fputs("| measure | what a row gives |\n| --- | --- |\n", out);
  for (int i = 0; i < MEASURE_COUNT; i++) fprintf(out, "| `%s` | %s |\n", MEASURES[i].word, MEASURES[i].meaning);
  fputs("\n| figure | English | español | unit | numerator | denominator |\n| --- | --- | --- | --- | --- | --- |\n", out);
  for (size_t i = 0; i < sizeof KPIS / sizeof KPIS[0]; i++) {
    const struct kpi *k = &KPIS[i];
    fprintf(out, "| `%s` | %s | %s | %s | ", k->id, k->en, k->es, UNITS[k->unit]);
    print_terms(out, k->num);
    fputs(" | ", out);
    if (k->unit != KPI_COUNT) print_terms(out, k->den);
    fputs(" |\n", out);
  }
}
