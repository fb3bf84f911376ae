#include "dialer/sim/line.h"
#include <string.h>

enum { TAG_DBM0 = -24, STAR_AGAIN_MS = 4000 };

struct line *phone_by_tag(struct world *w, int tag) {
  return tag >= 0 && tag < TAG_COUNT ? w->phones[tag] : NULL;
}

void phone_invited(struct line *l, int64_t now) {
  struct world *w = l->world;
  (void)now;
  l->agent = -1;
  for (int i = 0; i < TAG_COUNT && l->agent < 0; i++) { /* the lowest tag that no phone has now */
    if (w->phones[i] == NULL) l->agent = i;
  }
  if (l->agent < 0) {
    line_respond(l, 486);
    return;
  }
  w->phones[l->agent] = l;
  line_respond(l, 180);
  line_respond(l, 200);
}

void phone_ended(struct line *l) {
  if (l->agent >= 0 && l->agent < TAG_COUNT && l->world->phones[l->agent] == l) l->world->phones[l->agent] = NULL;
}

void phone_joined(struct line *l, struct line *customer, int64_t now) {
  if (l->customer >= 0) phone_left(l, now);
  l->customer = (int)customer->index;
  l->customer_generation = customer->generation;
  l->heard_customer_at = 0;
  l->dispose_at = 0;
  struct world *w = l->world;
  /* An agent who has a machine on the line does not talk to it for long. */
  bool person = customer->as.behaviour == CALLEE_PERSON || customer->as.behaviour == CALLEE_EARLY_HANGUP;
  l->talk_until = now + (person ? talk_of_number_ms(&w->talk, w->seed, customer->called) : dice_range(&l->dice, 2000, 4000));
}

void phone_left(struct line *l, int64_t now) {
  if (l->customer < 0) return;
  l->customer = -1;
  l->dispose_at = now + dice_range(&l->dice, l->world->wrapup_low_ms, l->world->wrapup_high_ms);
}

void phone_hears(struct line *l, const int16_t *frame, int64_t now) {
  if (l->customer < 0 || l->heard_customer_at != 0 || sound_level(frame, SOUND_FRAME) < -50) return;
  int64_t since = now;
  if (ear_tag(&l->ear, l->customer % TAG_COUNT, &since) >= 0) l->heard_customer_at = since;
}

void phone_beat(struct line *l, int64_t now) {
  if (l->state != LINE_UP) return;
  if (l->customer >= 0 && now >= l->talk_until) { /* the agent ends the call */
    line_rtp_dial(l, '*');
    l->talk_until = now + STAR_AGAIN_MS;
  }
  if (l->dispose_at != 0 && now >= l->dispose_at) {
    l->dispose_at = 0;
    line_rtp_dial(l, (char)('1' + dice_range(&l->dice, 0, 2)));
  }
  int16_t frame[SOUND_FRAME] = {0};
  tag_add(frame, SOUND_FRAME, l->position, l->agent, TAG_DBM0);
  line_rtp_send(l, frame, now);
  l->position += SOUND_FRAME;
}
