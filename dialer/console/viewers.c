#include "dialer/console/viewers.h"
#include <cadencia/err.h>
#include <stdio.h>

struct viewer {
  struct viewers *home;
  struct viewer *next, **prev;
  struct MHD_Connection *connection;
  struct blob *now; /* being sent */
  size_t sent;
  uint64_t seen; /* version of the last frame begun */
  bool asleep, beat, over;
  struct mono until;
  char agent[MAIL_NAME_MAX]; /* "": the floor */
  struct live_agent told;
  struct blob *news; /* of the desk */
};

static const char HELLO[] = "retry: 1000\n\n", BEAT[] = "event: beat\ndata: {}\n\n";

int viewers_init(struct viewers *viewers, struct mono now) {
  *viewers = (struct viewers){.beat_at = mono_add(now, VIEWERS_BEAT_MS)};
  viewers->hello = blob_create(HELLO, "", 0, "");
  viewers->beat = blob_create(BEAT, "", 0, "");
  return viewers->hello && viewers->beat ? CAD_OK : CAD_ENOMEM;
}

/* What this viewer sends next, NULL: nothing. */
static struct blob *next_frame(struct viewer *v) {
  if (v->news) {
    struct blob *news = v->news;
    v->news = NULL;
    v->beat = false;
    return news;
  }
  if (!v->agent[0] && v->seen != v->home->version && v->home->newest) {
    v->seen = v->home->version;
    v->beat = false;
    return blob_share(v->home->newest);
  }
  if (!v->beat) return NULL;
  v->beat = false;
  return blob_share(v->home->beat);
}

static ssize_t read_frame(void *arg, uint64_t position, char *out, size_t room) {
  (void)position;
  struct viewer *v = arg;
  if (v->home->closing || v->over) return MHD_CONTENT_READER_END_OF_STREAM;
  if (!v->now) {
    v->now = next_frame(v);
    v->sent = 0;
  }
  if (!v->now) {
    v->asleep = true;
    MHD_suspend_connection(v->connection);
    return 0;
  }
  size_t left = v->now->bytes - v->sent, n = left < room ? left : room;
  memcpy(out, v->now->data + v->sent, n);
  v->sent += n;
  if (v->sent == v->now->bytes) v->now = blob_release(v->now);
  return (ssize_t)n;
}

static void forget(void *arg) {
  struct viewer *v = arg;
  *v->prev = v->next;
  if (v->next) v->next->prev = v->prev;
  v->home->count--;
  v->home->desks -= v->agent[0] != 0;
  blob_release(v->news);
  blob_release(v->now);
  free(v);
}

struct MHD_Response *viewers_admit(struct viewers *viewers, struct MHD_Connection *connection, const char *agent, struct mono now) {
  if (viewers->count >= VIEWERS_MAX) return NULL;
  struct viewer *v = calloc(1, sizeof *v);
  if (!v) return NULL;
  *v = (struct viewer){
      .home = viewers, .connection = connection, .next = viewers->first, .prev = &viewers->first, .until = mono_add(now, VIEWERS_LIFE_MS)};
  snprintf(v->agent, sizeof v->agent, "%s", agent ? agent : "");
  v->now = blob_share(viewers->hello);
  v->seen = viewers->newest ? viewers->version - 1 : viewers->version;
  struct MHD_Response *response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 4096, read_frame, v, forget);
  if (!response) {
    blob_release(v->now);
    free(v);
    return NULL;
  }
  if (v->next) v->next->prev = &v->next;
  viewers->first = v;
  viewers->count++;
  viewers->desks += v->agent[0] != 0;
  return response;
}

static void wake(struct viewer *v) {
  if (!v->asleep) return;
  v->asleep = false;
  MHD_resume_connection(v->connection);
}

void viewers_publish(struct viewers *viewers, struct blob *event) {
  blob_release(viewers->newest);
  viewers->newest = blob_share(event);
  viewers->version++;
  for (struct viewer *v = viewers->first; v; v = v->next)
    if (!v->agent[0]) wake(v);
}

static const struct live_agent *agent_named(const struct live *live, const char *name) {
  for (unsigned i = 0; i < live->agent_count; i++)
    if (strcmp(live->agents[i].name, name) == 0) return &live->agents[i];
  return NULL;
}

static bool same(const struct live_agent *a, const struct live_agent *b) {
  return a->id == b->id && a->state == b->state && a->seat_up == b->seat_up && a->attempt == b->attempt && a->case_id == b->case_id &&
         a->shown_case == b->shown_case && !a->rests_until.ms == !b->rests_until.ms;
}

static void tell_desk(struct viewer *v, const struct live *live) {
  static const struct live_agent gone = {.state = AGENT_LOGGED_OUT};
  const struct live_agent *a = agent_named(live, v->agent);
  char text[256];
  if (!a) a = &gone;
  if (v->told.name[0] && same(a, &v->told)) return;
  v->told = *a;
  snprintf(v->told.name, sizeof v->told.name, "%s", v->agent);
  int n = snprintf(text, sizeof text, "{\"state\":\"%s\",\"since\":%lld,\"at\":%lld,\"attempt\":\"%llu\",\"seat_up\":%s}",
                   agent_state_name((enum agent_state)a->state), (long long)a->since.ms, (long long)live->at.ms,
                   (unsigned long long)a->attempt, a->seat_up ? "true" : "false");
  blob_release(v->news);
  v->news = blob_create("event: desk\ndata: ", text, (size_t)n, "\n\n");
  wake(v);
}

void viewers_desks(struct viewers *viewers, const struct live *live) {
  for (struct viewer *v = viewers->first; v; v = v->next)
    if (v->agent[0]) tell_desk(v, live);
}

int64_t viewers_tick(struct viewers *viewers, struct mono now) {
  int64_t left = mono_since(viewers->beat_at, now);
  if (left > 0) return left;
  viewers->beat_at = mono_add(now, VIEWERS_BEAT_MS);
  for (struct viewer *v = viewers->first; v; v = v->next) {
    v->beat = true;
    v->over = v->until.ms <= now.ms;
    wake(v);
  }
  return VIEWERS_BEAT_MS;
}

void viewers_close(struct viewers *viewers) {
  viewers->closing = true;
  for (struct viewer *v = viewers->first; v; v = v->next) wake(v);
}

void viewers_clear(struct viewers *viewers) {
  viewers->newest = blob_release(viewers->newest);
  viewers->hello = blob_release(viewers->hello);
  viewers->beat = blob_release(viewers->beat);
}
