#include "dialer/store_group.h"
#include "dialer/base/clock.h"
#include "dialer/base/log.h"
#include <cadencia/err.h>
#include <campaigns/queues.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* The first nap outlasts the control thread's rest between two wakes (daemon_loop.c): what comes in a stream is met by it. */
enum { GROUP_US = 20000, NAP_US = 6000, LAST_NAP_US = 10000, NAPS = 2, LEASES_A_MAIL = 256, BACKOFF_FIRST_MS = 50, BACKOFF_MOST_MS = 2000 };

int group_open(struct store_group *g) {
  for (int i = 0; i < CLASSES; i++)
    if (!(g->rings[i].items = calloc(GROUP_INBOX, sizeof(struct mail)))) return CAD_ENOMEM;
  return CAD_OK;
}

void group_close(struct store_group *g) {
  for (int i = 0; i < CLASSES; i++) free(g->rings[i].items);
  free(g->replies);
}

/* ---- rings ---- */

static bool ring_push(struct ring *r, const struct mail *m) {
  if (r->count == GROUP_INBOX) return false;
  memcpy(&r->items[(r->head + r->count++) % GROUP_INBOX], m, mail_size((enum mail_kind)m->kind));
  return true;
}

static void ring_push_front(struct ring *r, const struct mail *m) {
  r->head = (r->head + GROUP_INBOX - 1) % GROUP_INBOX;
  r->count++;
  memcpy(&r->items[r->head], m, mail_size((enum mail_kind)m->kind));
}

static void ring_pop(struct ring *r, struct mail *out) {
  const struct mail *m = &r->items[r->head];
  memcpy(out, m, mail_size((enum mail_kind)m->kind));
  r->head = --r->count == 0 ? 0 : (r->head + 1) % GROUP_INBOX; /* a quiet ring stays in its first pages */
}

static enum class class_of(const struct mail *m) {
  switch (m->kind){
    case STORE_CLOSE : case STORE_DISPOSE : case STORE_OPT_OUT : case STORE_CLOCK : case STORE_SKIP : return CLASS_CLOSE;
    case STORE_OPEN : case STORE_ARRIVE : return CLASS_OPEN;
    case STORE_LEASE_WANT : case STORE_LEASE_DROP : return CLASS_LEASE;
    default : return CLASS_BULK;
  }
}

unsigned group_waiting(const struct store_group *g) {
  unsigned n = 0;
  for (int i = 0; i < CLASSES; i++) n += g->rings[i].count;
  return n;
}

/* Inbox into rings, while any class has room for whatever may come; the rest waits in the inbox. */
void group_sort(struct store_group *g) {
  struct mail some[16];
  for (;;) {
    for (int i = 0; i < CLASSES; i++)
      if (g->rings[i].count + 16 + GROUP_ITEMS > GROUP_INBOX) return; /* a failed group must find its place again */
    unsigned n = mailbox_take(g->inbox, some, 16);
    for (unsigned i = 0; i < n; i++) ring_push(&g->rings[class_of(&some[i])], &some[i]);
    if (n < 16) return;
  }
}

/* ---- replies ---- */

struct mail *group_reply(struct store_group *g, enum mail_kind kind) {
  if (g->reply_count == g->reply_room) {
    unsigned room = g->reply_room ? g->reply_room * 2 : 1024;
    struct mail *bigger = realloc(g->replies, room * sizeof *bigger);
    if (!bigger) abort(); /* nothing may be lost, and nothing can be kept */
    g->replies = bigger;
    g->reply_room = room;
  }
  struct mail *m = &g->replies[g->reply_count++];
  *m = mail_make(kind, clock_mono());
  return m;
}

/* Sends what is committed; false when control's mailbox is full and some must wait. */
bool group_send(struct store_group *g) {
  unsigned sent = 0;
  while (sent < g->reply_ready && mailbox_put(g->control, &g->replies[sent]) == CAD_OK) sent++;
  if (sent) memmove(g->replies, g->replies + sent, (g->reply_count - sent) * sizeof *g->replies);
  g->reply_count -= sent;
  g->reply_ready -= sent;
  return g->reply_ready == 0;
}

static void refuse_open(struct store_group *g, const struct mail_store_open *req) {
  struct mail_store_opened *r = &group_reply(g, STORE_REFUSED)->u.store_opened;
  *r = (struct mail_store_opened){req->slot, req->gen, req->attempt_id, REFUSAL_STORE, wall_add(clock_wall(), BACKOFF_MOST_MS), 0};
  store_lease_drop(g->store, &req->lease); /* nobody has it now */
}

static void refuse_arrive(struct store_group *g, const struct mail_store_arrive *req, int err) {
  struct mail_store_arrived *a = &group_reply(g, STORE_ARRIVED)->u.store_arrived;
  *a = (struct mail_store_arrived){.slot = req->slot, .gen = req->gen, .attempt_id = req->attempt_id, .err = err};
}

/* ---- one item ---- */

static void do_arrive(struct store_group *g, const struct mail_store_arrive *req) {
  struct mail_store_arrived reply;
  const char *trunk = g->trunk_name ? g->trunk_name(g->trunk_arg, req->trunk) : "";
  int err = store_arrive(g->store, req, trunk, clock_now(), &reply);
  if (err < 0)
    refuse_arrive(g, req, err);
  else
    group_reply(g, STORE_ARRIVED)->u.store_arrived = reply;
}

/* Rows name the trunk that carried the call, not the first of its group. */
static void name_trunk(struct store_group *g, uint64_t attempt_id, uint16_t trunk) {
  const char *name = g->trunk_name ? g->trunk_name(g->trunk_arg, trunk) : "";
  int err = name[0] ? store_attempt_trunk(g->store, attempt_id, name) : CAD_OK;
  if (err < 0) log_warn("store", "trunk of attempt %llu: %s", (unsigned long long)attempt_id, err_name(err));
}

static void do_open(struct store_group *g, const struct mail_store_open *req) {
  struct mail_store_opened reply;
  bool opened = false;
  if (store_attempt_open(g->store, req, clock_now(), &reply, &opened) < 0) {
    refuse_open(g, req);
    return;
  }
  if (opened && req->elsewhere) name_trunk(g, req->attempt_id, req->trunk);
  group_reply(g, opened ? STORE_OPENED : STORE_REFUSED)->u.store_opened = reply;
}

static bool open_waits(const struct store_group *g, uint64_t attempt_id) {
  const struct ring *r = &g->rings[CLASS_OPEN];
  for (unsigned i = 0; i < r->count; i++) {
    const struct mail *m = &r->items[(r->head + i) % GROUP_INBOX];
    if (m->kind == STORE_OPEN && m->u.store_open.attempt_id == attempt_id) return true;
    if (m->kind == STORE_ARRIVE && m->u.store_arrive.attempt_id == attempt_id) return true;
  }
  return false;
}

static void do_close(struct store_group *g, const struct mail *m) {
  const struct mail_store_close *rec = &m->u.store_close;
  if (rec->elsewhere) name_trunk(g, rec->attempt_id, rec->trunk);
  int err = store_attempt_close(g->store, rec);
  if (err == CAD_ENOENT && open_waits(g, rec->attempt_id)) { /* it overtook its own opening: behind it */
    ring_push(&g->rings[CLASS_OPEN], m);
    return;
  }
  if (err < 0) log_warn("store", "close of attempt %llu: %s", (unsigned long long)rec->attempt_id, err_name(err));
  if (err >= 0 && store_opted_out(g->store)) group_dnc_added(g, store_opted_out(g->store), NULL);
  struct mail_store_opened *r = &group_reply(g, STORE_CLOSED)->u.store_opened;
  *r = (struct mail_store_opened){rec->slot, rec->gen, rec->attempt_id, REFUSAL_NONE, WALL_NONE, 0};
}

void group_dnc_added(struct store_group *g, uint64_t phone, const struct mail_store_opt_out *o) {
  struct mail_store_opt_out *r = &group_reply(g, STORE_DNC_ADDED)->u.store_opt_out;
  if (o) *r = *o;
  r->phone = phone;
}

static void do_dispose(struct store_group *g, const struct mail_store_dispose *d) {
  int err = store_dispose(g->store, d);
  if (err < 0) log_warn("store", "disposition of attempt %llu: %s", (unsigned long long)d->attempt_id, err_name(err));
  if (store_opted_out(g->store)) group_dnc_added(g, store_opted_out(g->store), NULL);
}

static void do_lease(struct store_group *g, const struct mail_store_want *asked) {
  struct lease leases[LEASES_A_MAIL];
  struct mail_store_want want = *asked;
  struct mail_store_lease_end end = {.campaign_id = want.campaign_id};
  struct now now = clock_now();
  if (want.count > LEASES_A_MAIL) want.count = LEASES_A_MAIL;
  int n = store_lease(g->store, &want, now, leases, &end);
  if (n < 0) { /* a campaign that is not known, or a disk that cannot be read: ask again, but not at once */
    end = (struct mail_store_lease_end){.campaign_id = want.campaign_id, .next = wall_add(now.wall, BACKOFF_MOST_MS)};
    n = 0;
  }
  for (int i = 0; i < n; i++) group_reply(g, STORE_LEASED)->u.store_lease = leases[i];
  group_reply(g, STORE_LEASE_END)->u.store_lease_end = end;
}

/* The same words at a second number: from now on they are enough. */
static void do_print(struct store_group *g, const struct mail_store_print *p) {
  struct print_row row;
  bool fresh = false;
  const int err = store_print_add(g->store, p->attempt_id, &p->print, VERDICT_NONE, p->at, &row, &fresh);
  if (err < 0) log_warn("store", "fingerprint of attempt %llu: %s", (unsigned long long)p->attempt_id, err_name(err));
  if (err >= 0 && fresh && g->know) g->know(g->know_arg, &row);
}

static void do_item(struct store_group *g, const struct mail *m) {
  switch (m->kind) {
  case STORE_CLOSE: do_close(g, m); break;
  case STORE_DISPOSE: do_dispose(g, &m->u.store_dispose); break;
  case STORE_OPT_OUT:
    store_opt_out(g->store, &m->u.store_opt_out);
    group_dnc_added(g, m->u.store_opt_out.phone, &m->u.store_opt_out);
    break;
  case STORE_ARRIVE: do_arrive(g, &m->u.store_arrive); break;
  case STORE_OPEN: do_open(g, &m->u.store_open); break;
  case STORE_LEASE_WANT: do_lease(g, &m->u.store_want); break;
  case STORE_LEASE_DROP: store_lease_drop(g->store, &m->u.store_lease); break;
  case STORE_LEASE_KEEP: store_lease_keep(g->store, &m->u.store_lease, clock_mono()); break;
  case STORE_SKIP: (void)store_skip(g->store, &m->u.store_skip); break;
  case STORE_CLOCK: store_clock_trusted(g->store, m->u.order_clock.trusted); break;
  case STORE_WINDOWS_WANT: {
    struct mail_store_windows windows;
    if (store_campaign_windows(g->store, m->u.store_want.campaign_id, &windows) >= 0)
      group_reply(g, STORE_WINDOWS)->u.store_windows = windows;
    break;
  }
  case STORE_PRINT: do_print(g, &m->u.store_print); break;
  case STORE_AGENT_LOG: store_agent_log(g->store, &m->u.store_agent_log); break;
  case STORE_PACED: (void)store_paced_add(g->store, &m->u.store_paced); break; /* in memory; written when nothing waits */
  default: log_warn("store", "mail %s is not for the store", mail_kind_name((enum mail_kind)m->kind)); break;
  }
}

/* ---- groups ---- */

/* Else it is the row's own fault, or somebody else writes: no reason not to call anybody. */
static bool disk_says_no(int err) { return err == CAD_EFULL || err == CAD_EIO; }

static struct mail_store_trouble *group_trouble(struct store_group *g) { return &group_reply(g, STORE_TROUBLE)->u.store_trouble; }

static void group_failed(struct store_group *g, int err) {
  atomic_fetch_add(&g->failures, 1);
  for (unsigned i = g->reply_ready; i < g->reply_count; i++) /* nothing of it happened: nobody has these contacts */
    if (g->replies[i].kind == STORE_LEASED) store_lease_drop(g->store, &g->replies[i].u.store_lease);
  g->reply_count = g->reply_ready;
  g->backoff_ms = g->backoff_ms == 0 ? BACKOFF_FIRST_MS : g->backoff_ms * 2 > BACKOFF_MOST_MS ? BACKOFF_MOST_MS : g->backoff_ms * 2;
  g->retry_at = mono_add(clock_mono(), g->backoff_ms);
  log_error("store", "%u items could not be made durable (%s); again in %lld ms", g->group_count, err_name(err), (long long)g->backoff_ms);
  g->failed_with = err;
  if (disk_says_no(err)) *group_trouble(g) = (struct mail_store_trouble){err, (uint32_t)g->backoff_ms};
  bool alone = g->group_count == 1; /* it goes behind the others: the fault may be its own */
  for (unsigned i = g->group_count; i > 0; i--) {
    const struct mail *m = &g->group[i - 1];
    if (m->kind == STORE_OPEN)
      refuse_open(g, &m->u.store_open);
    else if (m->kind == STORE_ARRIVE)
      refuse_arrive(g, &m->u.store_arrive, err);
    else if (alone)
      ring_push(&g->rings[class_of(m)], m);
    else
      ring_push_front(&g->rings[class_of(m)], m);
  }
  g->one_by_one = GROUP_ITEMS * 2;
  g->group_count = 0;
  g->reply_ready = g->reply_count;
}

static bool next_item(struct store_group *g, struct mail *out) {
  for (int i = 0; i < CLASSES; i++)
    if (g->rings[i].count) {
      ring_pop(&g->rings[i], out);
      return true;
    }
  return false;
}

/* Waits for mail, jobs or the time; false when the time is over. */
bool group_wait_us(struct store_group *g, int64_t us) {
  struct pollfd fds[] = {{mailbox_fd(g->inbox), POLLIN, 0}, {g->wake, POLLIN, 0}};
  struct timespec ts = {us / 1000000, us % 1000000 * 1000};
  int n = ppoll(fds, 2, us < 0 ? NULL : &ts, NULL);
  if (n > 0 && fds[1].revents) {
    uint64_t count;
    if (read(g->wake, &count, sizeof count) < 0) return true; /* only who reads it resets it */
  }
  return n > 0;
}

/* Asleep to mail: being woken by each one costs more than the mail itself. */
static void nap_us(int64_t us) {
  const struct timespec ts = {.tv_nsec = us * 1000};
  nanosleep(&ts, NULL);
}

static void note_waits(struct store_group *g) {
  static const enum live_wait WAITS[] = {[CLASS_CLOSE] = LIVE_WAIT_CLOSE, [CLASS_OPEN] = LIVE_WAIT_OPEN, [CLASS_LEASE] = LIVE_WAIT_LEASE};
  const struct mono now = clock_mono();
  for (unsigned i = 0; i < g->group_count; i++) {
    const enum class class = class_of(&g->group[i]);
    if (class != CLASS_BULK) histogram_count(&g->waits[WAITS[class]], HISTOGRAM_US, 1000 * mono_since(now, g->group[i].at));
  }
}

static void commit_group(struct store_group *g) {
  int64_t from = clock_mono_us();
  int err = store_commit(g->store);
  int64_t took = clock_mono_us() - from;
  if (took > atomic_load(&g->commit_max_us)) atomic_store(&g->commit_max_us, took);
  histogram_count(&g->commits, HISTOGRAM_US, took);
  if (err < 0) {
    group_failed(g, err);
    return;
  }
  note_waits(g);
  atomic_fetch_add(&g->groups, 1);
  atomic_fetch_add(&g->items, g->group_count);
  const bool doubt = disk_says_no(g->failed_with) && !store_wrote(g->store); /* nothing was asked of the disk: the next item is the test */
  if (!doubt) {
    if (g->backoff_ms > 0) *group_trouble(g) = (struct mail_store_trouble){CAD_OK, 0};
    g->backoff_ms = 0;
    g->failed_with = CAD_OK;
  }
  if (g->one_by_one) g->one_by_one--;
  g->group_count = 0;
  g->reply_ready = g->reply_count;
}

void group_run(struct store_group *g, bool at_once) {
  int64_t from = clock_mono_us();
  unsigned limit = g->one_by_one ? 1 : GROUP_ITEMS;
  int err = store_begin(g->store);
  unsigned naps = 0;
  while (err >= 0 && g->group_count < limit && clock_mono_us() - from < GROUP_US) {
    struct mail *m = &g->group[g->group_count];
    if (next_item(g, m)) {
      g->group_count++;
      do_item(g, m);
      continue;
    }
    if (at_once || naps++ == NAPS) break;
    nap_us(naps == NAPS ? LAST_NAP_US : NAP_US); /* what comes within a few ms shares one fsync; while nothing does, nobody waits for it */
    group_sort(g);
    if (!group_waiting(g)) break;
  }
  if (err < 0)
    group_failed(g, err);
  else
    commit_group(g);
}

/* The disk does not take anything now: new calls are refused at once, the rest waits for its next try. */
void group_refuse(struct store_group *g) {
  struct mail m;
  while (g->rings[CLASS_OPEN].count) {
    ring_pop(&g->rings[CLASS_OPEN], &m);
    if (m.kind == STORE_OPEN)
      refuse_open(g, &m.u.store_open);
    else if (m.kind == STORE_ARRIVE)
      refuse_arrive(g, &m.u.store_arrive, CAD_EIO);
    else
      ring_push(&g->rings[CLASS_CLOSE], &m);
  }
  while (g->rings[CLASS_LEASE].count) {
    ring_pop(&g->rings[CLASS_LEASE], &m);
    if (m.kind == STORE_LEASE_DROP) {
      store_lease_drop(g->store, &m.u.store_lease);
      continue;
    }
    const int64_t rest_ms = g->retry_at.ms - clock_mono().ms;
    if (disk_says_no(g->failed_with)) /* before it: the list was not asked */
      *group_trouble(g) = (struct mail_store_trouble){g->failed_with, rest_ms > 0 ? (uint32_t)rest_ms : 1};
    group_reply(g, STORE_LEASE_END)->u.store_lease_end =
        (struct mail_store_lease_end){.campaign_id = m.u.store_want.campaign_id, .next = wall_add(clock_wall(), BACKOFF_MOST_MS)};
  }
  g->reply_ready = g->reply_count;
}

bool group_failing(const struct store_group *g) { return g->backoff_ms > 0 && clock_mono().ms < g->retry_at.ms; }
