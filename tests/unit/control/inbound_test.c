/* Callers: from arrival to the agent, before anybody is dialed; and every way out of a queue. */
#include "harness.h"

enum { QUEUE = 500, SECOND = 501, DID = 4711, DID2 = 4712, HELLO = 11, MUSIC = 12, SORRY = 13, CLOSED = 14, FIRST_PLACE = 20 };
static uint32_t offers;

static void queue_is(uint64_t id, uint32_t timeout_ms, uint32_t places, uint64_t overflow) {
  struct mail m = make(STORE_QUEUE);
  struct queue_terms *q = &m.u.store_queue;
  *q = (struct queue_terms){.id = id, .campaign_id = CAMPAIGN, .timeout_ms = timeout_ms, .places = places, .overflow_id = overflow};
  q->hello = HELLO, q->music = MUSIC, q->sorry = SORRY, q->closed = CLOSED;
  q->service_ms = 20000;
  q->name[0] = 'q';
  step(&m);
}
static void did_is(uint64_t number, uint64_t queue, bool gone) {
  struct mail m = make(STORE_DID);
  m.u.store_did = (struct mail_store_did){number, queue, gone};
  step(&m);
}
static void callers_open(unsigned agents) {
  floor_open(PACING_PROGRESSIVE, agents, 100, 100);
  queue_is(QUEUE, 60000, 10, 0);
  did_is(DID, QUEUE, false);
}

static struct leg incoming(uint64_t did) {
  struct mail m = make(SIP_INCOMING);
  m.u.sip_incoming.leg = (struct leg){LEG_OFFER, 0, ++offers};
  m.u.sip_incoming.to = did;
  m.u.sip_incoming.from = 12025550900 + offers;
  m.u.sip_incoming.desc.family = 4;
  step(&m);
  return m.u.sip_incoming.leg;
}
static struct party arrived(uint64_t did) { /* the store is asked */
  unsigned before = said(STORE_ARRIVE);
  struct leg offer = incoming(did);
  ck_assert_uint_eq(said(STORE_ARRIVE), before + 1);
  const struct mail_store_arrive *a = &last(STORE_ARRIVE)->u.store_arrive;
  struct party p = {.leg = {LEG_CALL, a->slot, a->gen}, .attempt = a->attempt_id, .phone = a->from};
  p.session = call_of(&p)->session;
  ck_assert(leg_eq(call_of(&p)->offer, offer));
  ck_assert_int_eq(state_of(&p), CALL_OFFERED);
  return p;
}
static void store_says(const struct party *p, int err, bool closed, uint64_t case_id) {
  struct mail m = make(STORE_ARRIVED);
  m.u.store_arrived = (struct mail_store_arrived){
      .slot = p->leg.slot, .gen = p->leg.gen, .attempt_id = p->attempt, .queue_id = QUEUE, .err = err, .closed = closed};
  m.u.store_arrived.contact = (struct lease){.campaign_id = CAMPAIGN, .case_id = case_id, .phone = p->phone};
  step(&m);
}
static struct party greeted(uint64_t did) {
  struct party p = arrived(did);
  store_says(&p, CAD_OK, false, 0);
  const struct mail_sip_accept *a = &last(SIP_ACCEPT)->u.sip_accept;
  ck_assert(leg_eq(a->leg, p.leg));
  ck_assert_uint_eq(a->media_port, FIRST_PORT + 2 * p.session.slot);
  say_sip(SIP_ANSWERED, p.leg, 200, CAUSE_NONE, 0);
  ck_assert_int_eq(state_of(&p), CALL_GREETING);
  ck_assert_uint_eq(last(MEDIA_PLAY)->u.media_play.prompt, HELLO);
  return p;
}
static struct party queued(uint64_t did) {
  struct party p = greeted(did);
  pass(1000);
  say_media(MEDIA_PLAYED, p.session, p.leg, VERDICT_NONE, 0);
  return p;
}
static const struct queue *the_queue(uint64_t id) { return &the_floor()->queues[inbound_queue(the_floor(), id)]; }

START_TEST(a_caller_waits_with_music_and_gets_the_next_agent) {
  callers_open(1);
  order(ORDER_AGENT, 0, AGENT_PAUSED, NULL);
  struct party p = queued(DID);
  ck_assert_int_eq(state_of(&p), CALL_QUEUED);
  ck_assert_uint_eq(last(MEDIA_PLAY)->u.media_play.prompt, MUSIC);
  ck_assert_uint_eq(last(MEDIA_PLAY)->u.media_play.loop, 1);
  pass(7000);
  order(ORDER_AGENT, 0, AGENT_READY, NULL);
  ck_assert_int_eq(state_of(&p), CALL_CONNECTING);
  ck_assert(session_eq(last(MEDIA_BRIDGE)->u.media_bridge.customer, p.session));
  say_media(MEDIA_BRIDGED, p.session, p.leg, VERDICT_NONE, 0);
  ck_assert_int_eq(state_of(&p), CALL_TALKING);
  pass(30000);
  struct mail_store_close rec = over(&p, 200, CAUSE_NORMAL, 1);
  ck_assert_int_eq(rec.queue_end, QUEUE_END_SERVED);
  ck_assert_uint_eq(rec.queued_ms, 7000);
  ck_assert_uint_eq(rec.queue_id, QUEUE);
  ck_assert_int_eq(rec.outcome, OUTCOME_CONNECTED);
  ck_assert_uint_eq(rec.abandoned, 0);
  ck_assert_uint_eq(the_queue(QUEUE)->in_time, 1);
  ck_assert_int_eq(agent_at(0)->state, AGENT_WRAPUP);
  ck_assert_uint_eq(the_floor()->campaigns[0].attempts, 0); /* no attempt of ours */
  all_is_back();
  floor_close();
}
END_TEST

START_TEST(an_agent_who_is_idle_takes_the_caller_at_once_and_is_not_dialed_for) {
  callers_open(1);
  struct party p = queued(DID);
  ck_assert_int_eq(state_of(&p), CALL_CONNECTING);
  say_media(MEDIA_BRIDGED, p.session, p.leg, VERDICT_NONE, 0);
  lease_for(CAMPAIGN, 12025550000);
  pass(5000);
  ck_assert_uint_eq(said(STORE_OPEN), 0);
  over(&p, 200, CAUSE_NORMAL, 1);
  floor_close();
}
END_TEST

START_TEST(callers_are_served_in_the_order_of_queues_and_of_their_coming) {
  callers_open(2);
  struct mail m = make(STORE_QUEUE);
  m.u.store_queue = (struct queue_terms){.id = SECOND, .campaign_id = CAMPAIGN, .priority = 3, .service_ms = 1000};
  m.u.store_queue.name[0] = 's';
  step(&m);
  did_is(DID2, SECOND, false);
  order(ORDER_AGENT, 0, AGENT_PAUSED, NULL);
  order(ORDER_AGENT, 1, AGENT_PAUSED, NULL);
  struct party first = queued(DID), second = queued(DID), urgent = arrived(DID2);
  store_says(&urgent, CAD_OK, false, 0);
  say_sip(SIP_ANSWERED, urgent.leg, 200, CAUSE_NONE, 0); /* no announcement: he waits at once */
  ck_assert_int_eq(state_of(&urgent), CALL_QUEUED);
  order(ORDER_AGENT, 0, AGENT_READY, NULL);
  ck_assert_int_eq(state_of(&urgent), CALL_CONNECTING);
  order(ORDER_AGENT, 1, AGENT_READY, NULL);
  ck_assert_int_eq(state_of(&first), CALL_CONNECTING);
  ck_assert_int_eq(state_of(&second), CALL_QUEUED);
  floor_close();
}
END_TEST

START_TEST(who_waits_too_long_hears_the_message_and_is_hung_up_on) {
  callers_open(0);
  struct party p = queued(DID);
  pass(59999);
  ck_assert_int_eq(state_of(&p), CALL_QUEUED);
  pass(1);
  ck_assert_int_eq(state_of(&p), CALL_MESSAGE);
  ck_assert_uint_eq(last(MEDIA_PLAY)->u.media_play.prompt, SORRY);
  say_media(MEDIA_DIGIT, p.session, p.leg, VERDICT_NONE, '9'); /* not the message that the key belongs to */
  ck_assert_uint_eq(said(STORE_OPT_OUT), 0);
  say_media(MEDIA_PLAYED, p.session, p.leg, VERDICT_NONE, 0);
  struct mail_store_close rec = byed(&p);
  ck_assert_int_eq(rec.queue_end, QUEUE_END_TIMEOUT);
  ck_assert_uint_eq(rec.queued_ms, 60000);
  ck_assert_int_eq(rec.outcome, OUTCOME_NO_ANSWER);
  all_is_back();
  floor_close();
}
END_TEST

START_TEST(who_hangs_up_in_the_queue_is_counted_with_his_wait) {
  callers_open(0);
  struct party p = queued(DID);
  pass(4000);
  struct mail_store_close rec = over(&p, 200, CAUSE_NORMAL, 1);
  ck_assert_int_eq(rec.queue_end, QUEUE_END_LEFT);
  ck_assert_uint_eq(rec.queued_ms, 4000);
  ck_assert_int_eq(rec.outcome, OUTCOME_EARLY_HANGUP);
  ck_assert_uint_eq(rec.abandoned, 0);
  ck_assert_uint_eq(rec.early_hangup, 0);
  ck_assert_uint_eq(the_queue(QUEUE)->left, 1);
  ck_assert_uint_eq(the_queue(QUEUE)->waiting, 0);
  all_is_back();
  floor_close();
}
END_TEST

START_TEST(a_full_queue_and_a_timeout_go_to_the_overflow_and_round_no_circle) {
  callers_open(0);
  queue_is(QUEUE, 5000, 1, SECOND);
  queue_is(SECOND, 5000, 1, QUEUE);
  struct party a = queued(DID), b = queued(DID); /* b finds no place and goes on */
  ck_assert_uint_eq(call_of(&b)->queue, inbound_queue(the_floor(), SECOND));
  struct party c = queued(DID); /* nor here */
  ck_assert_int_eq(state_of(&c), CALL_MESSAGE);
  ck_assert_int_eq(call_of(&c)->queue_end, QUEUE_END_FULL);
  say_media(MEDIA_PLAYED, c.session, c.leg, VERDICT_NONE, 0);
  byed(&c);
  over(&b, 200, CAUSE_NORMAL, 1);
  pass(60000); /* from one to the other and back, but not for ever */
  ck_assert_int_eq(state_of(&a), CALL_MESSAGE);
  ck_assert_uint_le(call_of(&a)->queue_hops, 4);
  say_media(MEDIA_PLAYED, a.session, a.leg, VERDICT_NONE, 0);
  struct mail_store_close rec = byed(&a);
  ck_assert_uint_eq(rec.queued_ms, 25000);
  all_is_back();
  floor_close();
}
END_TEST

START_TEST(closed_hours_are_said_and_nobody_waits) {
  callers_open(1);
  struct party p = arrived(DID);
  store_says(&p, CAD_OK, true, 0);
  say_sip(SIP_ANSWERED, p.leg, 200, CAUSE_NONE, 0);
  ck_assert_int_eq(state_of(&p), CALL_MESSAGE);
  ck_assert_uint_eq(last(MEDIA_PLAY)->u.media_play.prompt, CLOSED);
  say_media(MEDIA_PLAYED, p.session, p.leg, VERDICT_NONE, 0);
  ck_assert_int_eq(byed(&p).queue_end, QUEUE_END_CLOSED);
  floor_close();
}
END_TEST

START_TEST(what_leads_nowhere_or_finds_no_room_is_refused_and_leaves_nothing) {
  callers_open(0);
  incoming(1);
  ck_assert_uint_eq(last(SIP_REJECT)->u.sip_reject.status, 404);
  did_is(DID, QUEUE, true);
  incoming(DID);
  ck_assert_uint_eq(last(SIP_REJECT)->u.sip_reject.status, 404);
  did_is(DID, QUEUE, false);
  struct party in[CALLS];
  for (int i = 0; i < CALLS; i++) in[i] = arrived(DID);
  incoming(DID);
  ck_assert_uint_eq(last(SIP_REJECT)->u.sip_reject.status, 503);
  ck_assert_uint_gt(last(SIP_REJECT)->u.sip_reject.retry_after_s, 0);
  store_says(&in[0], CAD_EIO, false, 0); /* the disk is full: nothing was promised */
  ck_assert_uint_eq(last(SIP_REJECT)->u.sip_reject.status, 503);
  ck_assert_int_eq(state_of(&in[0]), CALL_FREE);
  in[0] = arrived(DID); /* its place is free again */
  control_pressure(st.k, true);
  unsigned before = said(STORE_ARRIVE);
  struct mail gone = make(SIP_ENDED);
  gone.u.sip_event.leg = call_of(&in[1])->offer;
  gone.u.sip_event.status = 487;
  step(&gone); /* the caller gave up while the store wrote */
  store_says(&in[1], CAD_OK, false, 0);
  ck_assert_int_eq(closed(&in[1]).queue_end, QUEUE_END_LEFT);
  incoming(DID);
  ck_assert_uint_eq(said(STORE_ARRIVE), before);
  ck_assert_uint_eq(the_queue(QUEUE)->refused, 3);
  floor_close();
}
END_TEST

START_TEST(a_phone_that_vanishes_puts_its_caller_first_in_the_queue) {
  callers_open(1);
  struct party p = queued(DID), other = queued(DID);
  say_media(MEDIA_BRIDGED, p.session, p.leg, VERDICT_NONE, 0);
  ck_assert_int_eq(state_of(&p), CALL_TALKING);
  say_sip(SIP_ENDED, seat_leg(0), 200, CAUSE_NORMAL, 1);
  ck_assert_int_eq(state_of(&p), CALL_QUEUED);
  ck_assert_uint_eq(the_queue(QUEUE)->head, p.leg.slot);
  ck_assert_uint_eq(last(MEDIA_PLAY)->u.media_play.prompt, MUSIC);
  (void)other;
  floor_close();
}
END_TEST

START_TEST(a_worker_that_dies_keeps_the_music_and_the_next_one_goes_on) {
  callers_open(0);
  struct party p = queued(DID);
  struct mail m = make(SIP_LOST);
  step(&m);
  ck_assert_int_eq(state_of(&p), CALL_QUEUED);
  ck_assert(control_keeps_leg(st.k, p.leg));
  say_worker(SIP_UP);
  say_sip(SIP_RESUMED, p.leg, 200, CAUSE_NONE, 0);
  pass(60000);
  say_media(MEDIA_PLAYED, p.session, p.leg, VERDICT_NONE, 0);
  byed(&p);
  all_is_back();
  floor_close();
}
END_TEST

START_TEST(the_place_is_told_again_and_again) {
  callers_open(0);
  struct mail m = make(STORE_QUEUE);
  struct queue_terms *q = &m.u.store_queue;
  *q =
      (struct queue_terms){.id = QUEUE, .campaign_id = CAMPAIGN, .music = MUSIC, .say_place = 1, .say_every_ms = 10000, .service_ms = 1000};
  for (uint16_t i = 0; i < QUEUE_PLACES; i++) q->place[i] = (uint16_t)(FIRST_PLACE + i);
  step(&m);
  struct party p = arrived(DID);
  store_says(&p, CAD_OK, false, 0);
  say_sip(SIP_ANSWERED, p.leg, 200, CAUSE_NONE, 0);
  ck_assert_uint_eq(last(MEDIA_PLAY)->u.media_play.prompt, FIRST_PLACE);
  say_media(MEDIA_PLAYED, p.session, p.leg, VERDICT_NONE, 0);
  ck_assert_uint_eq(last(MEDIA_PLAY)->u.media_play.prompt, MUSIC);
  forget();
  pass(35000);
  unsigned told = 0;
  for (unsigned i = 0; i < st.count; i++) told += st.sent[i].mail.kind == MEDIA_PLAY && st.sent[i].mail.u.media_play.prompt == FIRST_PLACE;
  ck_assert_uint_eq(told, 3);
  floor_close();
}
END_TEST

START_TEST(who_is_on_the_line_is_not_dialed_from_the_leases_at_hand) {
  callers_open(0);
  lease_for(CAMPAIGN, 12025550901 + offers);
  struct party p = arrived(DID);
  ck_assert_uint_eq(p.phone, 12025550900 + offers);
  store_says(&p, CAD_OK, false, 42);
  ck_assert_uint_eq(last(STORE_LEASE_DROP)->u.store_lease.phone, p.phone);
  floor_close();
}
END_TEST

START_TEST(the_pacer_hears_of_callers_and_keeps_agents_free_for_them) {
  for (int reserve = 0; reserve < 2; reserve++) {
    callers_open(AGENTS);
    struct mail m = campaign_mail(CAMPAIGN, PACING_PROGRESSIVE, CAMPAIGN_RUNNING);
    m.u.store_campaign.terms.inbound_bp = reserve ? 9900 : 0;
    m.u.store_campaign.terms.inbound_within_ms = 1000;
    step(&m);
    for (int i = 0; i < 60; i++) {
      struct party p = queued(DID);
      say_media(MEDIA_BRIDGED, p.session, p.leg, VERDICT_NONE, 0);
      pass(4000);
      over(&p, 200, CAUSE_NORMAL, 1);
      forget();
      credits(p.session.slot, p.session.slot + 1);
      pass(11000);
    }
    for (uint64_t i = 0; i < AGENTS; i++) lease_for(CAMPAIGN, 12025550500 + i);
    pass(3000);
    if (reserve) {
      ck_assert_uint_lt(said(STORE_OPEN), AGENTS);
      ck_assert_int_eq(the_floor()->campaigns[0].bound, PACER_BOUND_INBOUND);
    } else {
      ck_assert_uint_eq(said(STORE_OPEN), AGENTS);
    }
    floor_close();
  }
}
END_TEST

START_TEST(a_queue_that_is_deleted_serves_whom_it_has_and_takes_nobody) {
  callers_open(0);
  struct party p = queued(DID);
  struct mail m = make(STORE_QUEUE);
  m.u.store_queue = (struct queue_terms){.id = QUEUE, .gone = 1};
  step(&m);
  incoming(DID);
  ck_assert_uint_eq(last(SIP_REJECT)->u.sip_reject.status, 404);
  struct mail a = agent_mail(0, CAMPAIGN, true, AGENT_READY);
  step(&a);
  seat_up(0);
  ck_assert_int_eq(state_of(&p), CALL_CONNECTING);
  over(&p, 200, CAUSE_NORMAL, 1);
  all_is_back();
  floor_close();
}
END_TEST

/* ---- days of anything: after each step the floor's invariants are asked (step does), and in the end everybody has ended ---- */

static uint32_t dice_state;
static uint32_t dice(uint32_t n) {
  dice_state = dice_state * 1664525 + 1013904223;
  return (dice_state >> 8) % n;
}

static struct call *any_call(bool inbound) {
  struct call *found = NULL;
  unsigned seen = 0;
  for (uint32_t i = 0; i < CALLS; i++) {
    struct call *c = &the_floor()->calls[i];
    if (c->state != CALL_FREE && c->inbound == inbound && dice(++seen) == 0) found = c;
  }
  return found;
}
static struct party party_of(const struct call *c) {
  return (struct party){.leg = call_leg(the_floor(), c), .session = c->session, .attempt = c->attempt_id, .phone = c->lease.phone};
}

/* What the spokes owe a call in its state, or something that nobody expected. */
static void push(struct call *c) {
  struct party p = party_of(c);
  switch ((enum call_state)c->state) {
  case CALL_OPENING: reply(dice(4) ? STORE_OPENED : STORE_REFUSED, &p, REFUSAL_NONE); break;
  case CALL_OFFERED: store_says(&p, dice(8) ? CAD_OK : CAD_EIO, dice(10) == 0, dice(3) == 0 ? 42 : 0); break;
  case CALL_CLOSING: reply(STORE_CLOSED, &p, REFUSAL_NONE); break;
  case CALL_DIALING:
  case CALL_RINGING:
  case CALL_ACCEPTING:
    if (dice(3))
      say_sip(SIP_ANSWERED, p.leg, 200, CAUSE_NONE, 0);
    else
      say_sip(SIP_ENDED, p.leg, 486, CAUSE_BUSY, 1);
    break;
  case CALL_SCREENING: say_media(MEDIA_VERDICT, p.session, p.leg, dice(3) ? VERDICT_PERSON : VERDICT_MACHINE, 0); break;
  case CALL_CONNECTING: say_media(dice(5) ? MEDIA_BRIDGED : MEDIA_DEAD, p.session, p.leg, VERDICT_NONE, 0); break;
  case CALL_CANCELLING:
  case CALL_ENDING: say_sip(SIP_ENDED, p.leg, 200, CAUSE_NORMAL, 0); break;
  default:
    if (dice(2))
      say_media(MEDIA_PLAYED, p.session, p.leg, VERDICT_NONE, 0);
    else
      say_sip(SIP_ENDED, p.leg, 200, CAUSE_NORMAL, 1);
    break;
  }
}

static void anything(void) {
  struct call *c;
  uint32_t agent = dice(AGENTS);
  switch (dice(12)) {
  case 0:
  case 1: (void)incoming(dice(8) ? DID : dice(2) ? DID2 : 1); break;
  case 2: lease_for(CAMPAIGN, st.next_phone++); break;
  case 3: order(ORDER_AGENT, agent, dice(2) ? AGENT_READY : dice(2) ? AGENT_PAUSED : AGENT_LOGGED_OUT, NULL); break;
  case 4:
    if (agent_at(agent)->seat == SEAT_DIALING) seat_up(agent);
    if (agent_at(agent)->seat != SEAT_DOWN && dice(4) == 0) say_sip(SIP_ENDED, seat_leg(agent), 200, CAUSE_NORMAL, 1);
    break;
  case 5: order(ORDER_DISPOSE, agent, AGENT_READY, "SALE"); break;
  case 6: pass(dice(20000)); break;
  case 7:
    if (dice(40) == 0) {
      struct mail lost = make(SIP_LOST);
      step(&lost);
      say_worker(SIP_UP);
    }
    break;
  case 8:
    if ((c = any_call(true)) && c->state == CALL_OFFERED) { /* he gives up before we answer */
      struct mail gone = make(SIP_ENDED);
      gone.u.sip_event.leg = c->offer;
      step(&gone);
    }
    break;
  default:
    if ((c = any_call(dice(2)))) push(c);
    break;
  }
  for (unsigned i = 0; i < st.count; i++) /* media gives each session back, under a new name */
    if (st.sent[i].mail.kind == MEDIA_RELEASE) {
      struct mail credit = make(MEDIA_CREDIT);
      credit.u.media_credit.session = st.sent[i].mail.u.media_session.session;
      credit.u.media_credit.session.gen++;
      credit.u.media_credit.port = (uint16_t)(FIRST_PORT + 2 * credit.u.media_credit.session.slot);
      st.sent[i].mail.kind = MAIL_NONE;
      step(&credit);
    }
}

START_TEST(on_days_of_anything_no_agent_has_two_calls_and_every_caller_ends) {
  dice_state = (uint32_t)_i * 2654435761u + 1;
  floor_open(PACING_PROGRESSIVE, AGENTS, 100, 100);
  queue_is(QUEUE, 30000, 3, SECOND);
  queue_is(SECOND, 20000, 2, 0);
  did_is(DID, QUEUE, false);
  did_is(DID2, SECOND, false);
  uint64_t closes = 0, arrivals = 0;
  for (int i = 0; i < 3000; i++) {
    anything();
    closes += said(STORE_CLOSE), arrivals += said(STORE_ARRIVE) + said(STORE_OPEN);
    forget();
  }
  drain(0);
  for (int i = 0; i < 4000 && the_floor()->calls_used; i++) { /* the spokes do their part, and nothing new comes */
    struct call *c = any_call(dice(2));
    if (c) push(c);
    if (dice(4) == 0) pass(10000);
    closes += said(STORE_CLOSE);
    forget();
  }
  all_is_back();
  ck_assert_uint_eq(the_floor()->arriving, 0);
  ck_assert_uint_gt(closes, 50);
  ck_assert_uint_le(closes, arrivals);
  const struct queue *q = the_queue(QUEUE), *second = the_queue(SECOND);
  ck_assert_uint_eq(q->waiting + second->waiting, 0);
  ck_assert_uint_gt(q->offered + second->offered, 20);
  floor_close();
}
END_TEST

int main(void) {
  Suite *s = suite_create("inbound");
  TCase *t = tcase_create("inbound");
  tcase_add_test(t, a_caller_waits_with_music_and_gets_the_next_agent);
  tcase_add_test(t, an_agent_who_is_idle_takes_the_caller_at_once_and_is_not_dialed_for);
  tcase_add_test(t, callers_are_served_in_the_order_of_queues_and_of_their_coming);
  tcase_add_test(t, who_waits_too_long_hears_the_message_and_is_hung_up_on);
  tcase_add_test(t, who_hangs_up_in_the_queue_is_counted_with_his_wait);
  tcase_add_test(t, a_full_queue_and_a_timeout_go_to_the_overflow_and_round_no_circle);
  tcase_add_test(t, closed_hours_are_said_and_nobody_waits);
  tcase_add_test(t, what_leads_nowhere_or_finds_no_room_is_refused_and_leaves_nothing);
  tcase_add_test(t, a_phone_that_vanishes_puts_its_caller_first_in_the_queue);
  tcase_add_test(t, a_worker_that_dies_keeps_the_music_and_the_next_one_goes_on);
  tcase_add_test(t, the_place_is_told_again_and_again);
  tcase_add_test(t, who_is_on_the_line_is_not_dialed_from_the_leases_at_hand);
  tcase_add_test(t, the_pacer_hears_of_callers_and_keeps_agents_free_for_them);
  tcase_add_test(t, a_queue_that_is_deleted_serves_whom_it_has_and_takes_nobody);
  tcase_add_loop_test(t, on_days_of_anything_no_agent_has_two_calls_and_every_caller_ends, 0, 40);
  suite_add_tcase(s, t);
  return run_suite(s);
}
