/* example.c — the smallest use of the pacing library: two agents, a few calls, one decision a second.
 *
 *   cc example.c $(pkg-config --cflags --libs cadencia-pacing) && ./a.out */
#include <pacing/pacer.h>
#include <stdio.h>

static struct pacer *pacer;

static void tell(enum pacer_event_kind kind, int64_t at_ms, uint32_t call, uint32_t agent) {
  pacer_event(pacer, &(struct pacer_event){.kind = kind, .at_ms = at_ms, .call = call, .agent = agent});
}

static uint32_t ask(int64_t now_ms) {
  struct pacer_orders orders;
  pacer_decide(pacer,
               &(struct pacer_view){
                   .now_ms = now_ms, .lines_free = 20, .rate_free = 10, .contacts = 1000, .hours_open = true, .end_in_ms = 4 * 3600 * 1000},
               &orders);
  printf("%5.1f s: launch %u, give up %u; ready %u, in flight %u, risk %.1f %% of %.1f %% allowed, bound by %s\n", (double)now_ms / 1000.0,
         orders.launch, orders.give_up_count, orders.why.ready, orders.why.ringing, orders.why.risk_bp / 100.0,
         orders.why.allowed_bp / 100.0, pacer_bound_name(orders.why.bound));
  return orders.launch;
}

int main(void) {
  pacer = pacer_create(&(struct pacer_params){.mode = PACER_PREDICTIVE,
                                              .limit_bp = 300,
                                              .min_ring_ms = 15000,
                                              .max_ring_ms = 25000,
                                              .max_wait_ms = 2000,
                                              .max_agents = 2,
                                              .max_calls = 20,
                                              .screening = true});
  if (!pacer) return 1;
  pacer_set_account(pacer, 2, 400); /* so far in the legal window: 2 abandoned of 400 live answers */
  for (uint32_t agent = 0; agent < 2; agent++) {
    tell(PACER_AGENT_LOGIN, 0, 0, agent);
    tell(PACER_AGENT_READY, 0, 0, agent);
  }
  uint32_t next = 0;
  for (int64_t now_ms = 1000; now_ms <= 30000; now_ms += 1000) {
    for (uint32_t n = ask(now_ms); n > 0 && next < 20; n--) tell(PACER_CALL_LAUNCHED, now_ms, next++, 0);
    for (uint32_t call = 0; now_ms == 3000 && call < next; call++) tell(PACER_CALL_RINGING, now_ms, call, 0);
    for (uint32_t call = 1; now_ms == 24000 && call < next; call++) tell(PACER_CALL_ENDED, now_ms, call, 0); /* nobody answered */
    if (now_ms == 9000) tell(PACER_CALL_ANSWERED, now_ms, 0, 0);
    if (now_ms == 10000) { /* a person: the agent who is ready takes the call */
      tell(PACER_CALL_PERSON, now_ms, 0, 0);
      tell(PACER_CALL_CONNECTED, now_ms, 0, 1);
      tell(PACER_AGENT_TALKING, now_ms, 0, 1);
    }
  }
  pacer_destroy(pacer);
  return 0;
}
