#include "dialer/flight.h"
#include "dialer/slots.h"
#include <cadencia/err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FLIGHT_MAGIC = 0x43414446, WORDS = sizeof(struct flight_entry) / 8, LAPPED = 64, SAVE_RUN = 64 };
_Static_assert(sizeof(struct flight_entry) % 8 == 0, "entries are copied by words");

struct head {
  uint32_t magic, entry_bytes, entries, unused;
};
struct flight {
  _Atomic uint64_t written; /* orders below it are in the ring */
  uint64_t saved;           /* by whoever saves */
  bool in_file;             /* else in memory alone */
  struct slots file;
  _Atomic uint64_t ring[FLIGHT_RING][WORDS]; /* a torn entry is known by its check */
};

static uint32_t check_of(const struct flight_entry *e) {
  const unsigned char *p = (const unsigned char *)e;
  uint32_t sum = 2166136261u;
  for (size_t i = 0; i < offsetof(struct flight_entry, check); i++) sum = (sum ^ p[i]) * 16777619u;
  return sum ? sum : 1;
}

static bool whole(const struct flight_entry *e) {
  return e->order != 0 && e->check == check_of(e) && e->what > 0 && e->what < FLIGHT_WHAT_COUNT && e->kind < MAIL_KIND_COUNT &&
         e->about < ABOUT_COUNT;
}

static void put(struct flight *f, struct flight_entry e) {
  uint64_t words[WORDS];
  e.order = atomic_load_explicit(&f->written, memory_order_relaxed);
  e.check = check_of(&e);
  memcpy(words, &e, sizeof e);
  _Atomic uint64_t *to = f->ring[e.order % FLIGHT_RING];
  for (unsigned i = 0; i < WORDS; i++) atomic_store_explicit(&to[i], words[i], memory_order_relaxed);
  atomic_store_explicit(&f->written, e.order + 1, memory_order_release);
}

/* ---- what a mail is about ---- */

static void about(struct flight_entry *e, enum flight_about what, uint32_t slot, uint32_t gen, uint64_t id) {
  e->about = (uint8_t)what;
  e->slot = slot;
  e->gen = gen;
  e->id = id;
}

static void about_leg(struct flight_entry *e, struct leg leg) {
  about(e, leg.role == LEG_CALL ? ABOUT_CALL : leg.role == LEG_SEAT ? ABOUT_SEAT : ABOUT_OFFER, leg.slot, leg.gen, 0);
}

static void sip_about(struct flight_entry *e, const struct mail *m) {
  switch ((enum mail_kind)m->kind) {
  case SIP_INVITE:
    about_leg(e, m->u.sip_invite.leg);
    e->id = m->u.sip_invite.leg.role == LEG_CALL ? m->u.sip_invite.call_id : m->u.sip_invite.agent_id;
    e->code = m->u.sip_invite.trunk;
    break;
  case SIP_CANCEL:
  case SIP_BYE: about_leg(e, m->u.sip_leg.leg); break;
  case SIP_PROGRESS:
  case SIP_ANSWERED:
  case SIP_MEDIA:
  case SIP_RESUMED:
  case SIP_ENDED:
    about_leg(e, m->u.sip_event.leg);
    e->code = m->u.sip_event.status;
    e->detail = m->u.sip_event.cause;
    break;
  case SIP_UP:
  case SIP_LOST: about(e, ABOUT_WORKER, m->u.sip_up.worker, m->u.sip_up.gen, 0); break;
  case SIP_TRUNK_STATE:
    about(e, ABOUT_TRUNK, m->u.sip_trunk_state.trunk, 0, 0);
    e->code = m->u.sip_trunk_state.status;
    e->detail = m->u.sip_trunk_state.state;
    break;
  case SIP_PHONE:
    about(e, ABOUT_AGENT, 0, 0, m->u.sip_phone.agent_id);
    e->code = m->u.sip_phone.up;
    break;
  case SIP_INCOMING:
    about_leg(e, m->u.sip_incoming.leg);
    e->code = m->u.sip_incoming.trunk;
    break;
  case SIP_ACCEPT: about_leg(e, m->u.sip_accept.leg); break;
  case SIP_REJECT:
    about_leg(e, m->u.sip_reject.offer);
    e->code = m->u.sip_reject.status;
    break;
  default: break;
  }
}

static void media_about(struct flight_entry *e, const struct mail *m) {
  switch ((enum mail_kind)m->kind) {
  case MEDIA_GREETING_END:
  case MEDIA_VERDICT:
  case MEDIA_BRIDGED:
  case MEDIA_DEADLINE:
  case MEDIA_PLAYED:
  case MEDIA_DIGIT:
  case MEDIA_DEAD:
  case MEDIA_LATE:
  case MEDIA_MESSAGE:
  case MEDIA_PICKED_UP:
    about_leg(e, m->u.media_event.owner);
    e->code = m->u.media_event.verdict;
    e->detail = m->u.media_event.reason;
    break;
  case MEDIA_STATS: about_leg(e, m->u.media_stats.owner); break;
  case MEDIA_PRINT: about_leg(e, m->u.media_print.owner); break;
  case MEDIA_REMOTE: about_leg(e, m->u.media_remote.owner); break;
  case MEDIA_BRIDGE: about(e, ABOUT_SESSION, m->u.media_bridge.customer.slot, m->u.media_bridge.customer.gen, 0); break;
  case MEDIA_SCREEN:
    about(e, ABOUT_SESSION, m->u.media_screen.session.slot, m->u.media_screen.session.gen, m->u.media_screen.attempt_id);
    break;
  case MEDIA_PLAY:
  case MEDIA_LEAVE: about(e, ABOUT_SESSION, m->u.media_play.session.slot, m->u.media_play.session.gen, 0); break;
  case MEDIA_UNBRIDGE:
  case MEDIA_STOP:
  case MEDIA_RELEASE: about(e, ABOUT_SESSION, m->u.media_session.session.slot, m->u.media_session.session.gen, 0); break;
  default: break;
  }
}

static void store_about(struct flight_entry *e, const struct mail *m) {
  switch ((enum mail_kind)m->kind) {
  case STORE_OPEN: about(e, ABOUT_CALL, m->u.store_open.slot, m->u.store_open.gen, m->u.store_open.attempt_id); break;
  case STORE_OPENED:
  case STORE_REFUSED:
  case STORE_CLOSED:
    about(e, ABOUT_CALL, m->u.store_opened.slot, m->u.store_opened.gen, m->u.store_opened.attempt_id);
    e->code = m->u.store_opened.reason;
    break;
  case STORE_CLOSE:
    about(e, ABOUT_CALL, m->u.store_close.slot, m->u.store_close.gen, m->u.store_close.attempt_id);
    e->code = m->u.store_close.outcome;
    e->detail = m->u.store_close.cause;
    break;
  case STORE_ARRIVE: about(e, ABOUT_CALL, m->u.store_arrive.slot, m->u.store_arrive.gen, m->u.store_arrive.attempt_id); break;
  case STORE_ARRIVED: about(e, ABOUT_CALL, m->u.store_arrived.slot, m->u.store_arrived.gen, m->u.store_arrived.attempt_id); break;
  case STORE_DISPOSE: about(e, ABOUT_ATTEMPT, 0, 0, m->u.store_dispose.attempt_id); break;
  case STORE_OPT_OUT: about(e, ABOUT_ATTEMPT, 0, 0, m->u.store_opt_out.attempt_id); break;
  case STORE_PRINT: about(e, ABOUT_ATTEMPT, 0, 0, m->u.store_print.attempt_id); break;
  case STORE_AGENT_LOG:
    about(e, ABOUT_AGENT, 0, 0, m->u.store_agent_log.agent_id);
    e->code = m->u.store_agent_log.state;
    break;
  case STORE_AGENT:
    about(e, ABOUT_AGENT, 0, 0, m->u.store_agent.agent_id);
    e->code = m->u.store_agent.state;
    break;
  case STORE_LEASED:
  case STORE_SKIP:
    about(e, ABOUT_CASE, 0, 0, m->u.store_skip.case_id);
    e->code = m->u.store_skip.reason;
    break;
  case STORE_LEASE_KEEP:
  case STORE_LEASE_DROP: about(e, ABOUT_CASE, 0, 0, m->u.store_lease.case_id); break;
  case STORE_LEASE_WANT:
  case STORE_WINDOWS_WANT: about(e, ABOUT_CAMPAIGN, 0, 0, m->u.store_want.campaign_id); break;
  case STORE_LEASE_END:
    about(e, ABOUT_CAMPAIGN, 0, 0, m->u.store_lease_end.campaign_id);
    e->code = m->u.store_lease_end.given;
    break;
  case STORE_TROUBLE: e->code = (uint8_t)-m->u.store_trouble.err; break;
  case STORE_CAMPAIGN:
    about(e, ABOUT_CAMPAIGN, 0, 0, m->u.store_campaign.terms.id);
    e->code = m->u.store_campaign.state;
    break;
  case STORE_WINDOWS: about(e, ABOUT_CAMPAIGN, 0, 0, m->u.store_windows.campaign_id); break;
  case STORE_QUEUE: about(e, ABOUT_QUEUE, 0, 0, m->u.store_queue.id); break;
  default: break;
  }
}

static void order_about(struct flight_entry *e, const struct mail *m) {
  switch ((enum mail_kind)m->kind) {
  case ORDER_AGENT:
  case ORDER_DISPOSE:
  case ORDER_PREVIEW:
  case ORDER_SKIP:
    about(e, ABOUT_AGENT, 0, 0, m->u.order_agent.agent_id);
    e->code = m->u.order_agent.state;
    break;
  case ORDER_DRAIN: e->code = m->u.order.now; break;
  case ORDER_TRUNK: about(e, ABOUT_TRUNK, m->u.order_trunk.trunk, 0, 0); break;
  case ORDER_CLOCK:
    e->code = m->u.order_clock.trusted;
    e->detail = m->u.order_clock.stepped;
    break;
  case ORDER_REPLY:
    about(e, m->u.order_reply.attempt_id ? ABOUT_ATTEMPT : ABOUT_NOTHING, 0, 0, m->u.order_reply.attempt_id);
    e->code = (uint16_t)(m->u.order_reply.err < 0 ? -m->u.order_reply.err : 0);
    break;
  default: break;
  }
}

static void describe(struct flight_entry *e, const struct mail *m) {
  e->kind = m->kind;
  sip_about(e, m);
  media_about(e, m);
  store_about(e, m);
  order_about(e, m);
}

/* ---- writing ---- */

/* Credits and seconds of pacers come by the thousand and say nothing of a call. */
static bool chatter(const struct mail *m) { return m->kind == MEDIA_CREDIT || m->kind == STORE_PACED; }

void flight_step(struct flight *f, struct now now, const struct mail *in, const struct outbox *out) {
  if (!f) return;
  unsigned orders = 0;
  for (unsigned i = 0; i < out->count; i++) orders += !chatter(&out->items[i].mail);
  if ((!in || chatter(in)) && orders == 0 && out->move_count == 0) return;
  struct flight_entry e = {.at = now.wall, .what = in ? FLIGHT_IN : FLIGHT_TIME};
  if (in) {
    int64_t lag_ms = mono_since(now.mono, in->at);
    e.lag_ms = (uint16_t)(lag_ms < 0 ? 0 : lag_ms > UINT16_MAX ? UINT16_MAX : lag_ms);
    describe(&e, in);
  }
  put(f, e);
  unsigned kept = out->move_count < OUTBOX_MOVES_MAX ? out->move_count : OUTBOX_MOVES_MAX;
  for (unsigned i = 0; i < kept; i++) {
    const struct out_move *m = &out->moves[i];
    put(f, (struct flight_entry){.at = now.wall,
                                 .what = m->agent ? FLIGHT_AGENT : FLIGHT_CALL,
                                 .about = m->agent ? ABOUT_SEAT : ABOUT_CALL,
                                 .from = m->from,
                                 .to = m->to,
                                 .event = m->event,
                                 .slot = m->slot,
                                 .gen = m->gen,
                                 .id = m->id});
  }
  if (out->move_count > kept) put(f, (struct flight_entry){.at = now.wall, .what = FLIGHT_MORE, .id = out->move_count - kept});
  for (unsigned i = 0; i < out->count; i++) {
    if (chatter(&out->items[i].mail)) continue;
    e = (struct flight_entry){.at = now.wall, .what = FLIGHT_OUT, .from = out->items[i].spoke};
    describe(&e, &out->items[i].mail);
    put(f, e);
  }
}

/* The whole entries from `saved` on that lie side by side in the file; moves `saved` past them and past what was torn. */
static unsigned gather(struct flight *f, uint64_t until, struct flight_entry run[SAVE_RUN]) {
  unsigned n = 0;
  while (f->saved < until && n < SAVE_RUN) {
    uint64_t words[WORDS];
    struct flight_entry *e = &run[n];
    _Atomic uint64_t *from = f->ring[f->saved % FLIGHT_RING];
    for (unsigned i = 0; i < WORDS; i++) words[i] = atomic_load_explicit(&from[i], memory_order_relaxed);
    memcpy(e, words, sizeof *e);
    bool good = e->order == f->saved && e->check == check_of(e);
    if (good && n > 0 && e->order % FLIGHT_ENTRIES == 0) break; /* the file begins again */
    f->saved++;
    if (good)
      n++;
    else if (n > 0)
      break;
  }
  return n;
}

void flight_save(struct flight *f) {
  struct flight_entry run[SAVE_RUN];
  if (!f || !f->in_file) return;
  uint64_t until = atomic_load_explicit(&f->written, memory_order_acquire);
  if (until - f->saved > FLIGHT_RING - LAPPED) f->saved = until - (FLIGHT_RING - LAPPED); /* lapped: the oldest are gone */
  while (f->saved < until) {
    unsigned n = gather(f, until, run);
    if (n > 0) slots_put_many(&f->file, (uint32_t)(run[0].order % FLIGHT_ENTRIES), n, run);
  }
}

/* ---- death ---- */

static struct flight *dying;
static const int DEADLY[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};

static void at_death(int signum) {
  flight_save(dying);
  signal(signum, SIG_DFL); /* comes again when this returns */
  raise(signum);
}

void flight_save_at_death(struct flight *f) {
  dying = f;
  for (size_t i = 0; i < sizeof DEADLY / sizeof DEADLY[0]; i++) {
    struct sigaction was, now = {.sa_handler = at_death, .sa_flags = (int)SA_RESETHAND};
    if (f && sigaction(DEADLY[i], NULL, &was) == 0 && was.sa_handler == SIG_DFL)
      sigaction(DEADLY[i], &now, NULL); /* a sanitizer's own stays */
  }
}

/* ---- the file ---- */

static size_t file_bytes(void) { return sizeof(struct head) + (size_t)FLIGHT_ENTRIES * sizeof(struct flight_entry); }

static bool ours(const struct head *h) {
  return h->magic == FLIGHT_MAGIC && h->entry_bytes == sizeof(struct flight_entry) && h->entries == FLIGHT_ENTRIES;
}

/* The highest order in the file; what another layout left is not believed. */
static uint64_t newest(struct flight *f) {
  struct flight_entry some[SAVE_RUN];
  struct head head;
  uint64_t last = 0;
  slots_head(&f->file, &head);
  bool known = ours(&head);
  for (uint32_t at = 0; at < FLIGHT_ENTRIES; at += SAVE_RUN) {
    if (!known || !slots_get_many(&f->file, at, SAVE_RUN, some)) {
      memset(some, 0, sizeof some);
      slots_put_many(&f->file, at, SAVE_RUN, some);
    }
    for (uint32_t i = 0; i < SAVE_RUN; i++)
      if (whole(&some[i]) && some[i].order % FLIGHT_ENTRIES == at + i && some[i].order > last && some[i].order < UINT64_MAX / 2)
        last = some[i].order;
  }
  head = (struct head){FLIGHT_MAGIC, sizeof(struct flight_entry), FLIGHT_ENTRIES, 0};
  slots_head_put(&f->file, &head);
  return last;
}

struct flight *flight_open(const char *path, struct wall now) {
  struct flight *f = calloc(1, sizeof *f);
  if (!f) return NULL;
  for (size_t i = 0; i < FLIGHT_RING; i++)
    atomic_store_explicit(&f->ring[i][0], 0, memory_order_relaxed); /* all of its memory is had now */
  uint64_t last = 0;
  if (path)
    f->in_file = slots_open(&f->file, "the flight recorder", path, sizeof(struct head), sizeof(struct flight_entry), FLIGHT_ENTRIES) >= 0;
  if (f->in_file) last = newest(f);
  f->saved = last + 1;
  atomic_store(&f->written, last + 1);
  put(f, (struct flight_entry){.at = now, .what = FLIGHT_START});
  flight_save(f);
  return f;
}

struct flight *flight_close(struct flight *f) {
  if (!f) return NULL;
  if (dying == f) flight_save_at_death(NULL);
  flight_save(f);
  if (f->in_file) slots_close(&f->file);
  free(f);
  return NULL;
}

static int by_order(const void *a, const void *b) {
  const struct flight_entry *x = a, *y = b;
  return (x->order > y->order) - (x->order < y->order);
}

int flight_read(const char *path, struct flight_entry **out, FILE *err) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    fprintf(err, "cadencia replay: %s: %s; a daemon writes it in its state_dir\n", path, strerror(errno));
    return CAD_ENOENT;
  }
  char *data = malloc(file_bytes());
  size_t have = 0;
  ssize_t n = data ? 1 : 0;
  while (n > 0 && have < file_bytes())
    if ((n = read(fd, data + have, file_bytes() - have)) > 0) have += (size_t)n;
  close(fd);
  struct head head = {0};
  if (data && have == file_bytes()) memcpy(&head, data, sizeof head);
  if (!ours(&head)) {
    if (data) fprintf(err, "cadencia replay: %s is no flight recording of this version\n", path);
    free(data);
    return data ? CAD_EFORMAT : CAD_ENOMEM;
  }
  struct flight_entry *all = (struct flight_entry *)data;
  int count = 0;
  for (size_t i = 0; i < FLIGHT_ENTRIES; i++) {
    struct flight_entry e;
    memcpy(&e, data + sizeof head + i * sizeof e, sizeof e);
    if (whole(&e) && e.order % FLIGHT_ENTRIES == i)
      all[count++] = e; /* never beyond what was read already: the head is smaller than an entry */
  }
  qsort(all, (size_t)count, sizeof *all, by_order);
  *out = all;
  return count;
}
