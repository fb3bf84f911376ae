"use strict";
/* What a supervisor may do from the live floor; without a sign-in there is nothing here. */
(async () => {
  const answer = await fetch("/api/me", { cache: "no-store" });
  const me = answer.ok ? await answer.json() : { role: "" };
  if (me.role !== "supervisor") return;
  document.body.dataset.role = "supervisor";
  const out = document.getElementById("sign-out"), say = document.getElementById("lead-says");
  out.hidden = false;
  out.textContent = WORDS.sign_out + " · " + me.user;
  async function post(path, body) {
    const said = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json", "X-Cadencia": "1" }, body: JSON.stringify(body) });
    if (said.status === 401) location.replace("/sign-in");
    return { ok: said.ok, ...(await said.json()) };
  }
  out.addEventListener("click", async () => {
    await post("/api/sign-out", {});
    location.replace("/sign-in");
  });
  /* Rows come and go; the buttons hang on the tables, and each row only says its name. */
  function offer(table, what, actions) {
    const body = document.getElementById(table);
    const dress = () => {
      for (const row of body.children) {
        if (row.querySelector(".acts")) continue;
        const acts = document.createElement("span");
        acts.className = "acts";
        for (const action of actions) {
          const button = document.createElement("button");
          button.type = "button";
          button.dataset.act = action;
          button.textContent = WORDS["act_" + action];
          button.addEventListener("click", async () => {
            const said = await post("/api/" + what + "/" + action, { name: row.dataset.name });
            say.textContent = said.ok ? "" : said.error || WORDS.no_answer_box;
            say.hidden = said.ok;
          });
          acts.append(button);
        }
        row.cells[1].append(acts);
      }
    };
    new MutationObserver(dress).observe(body, { childList: true });
    dress();
  }
  /* What a campaign of one's own calls its pauses, when somebody pauses there; once a minute at most. */
  const asked = {};
  async function names() {
    for (const campaign of new Set([...document.getElementById("agents").children].map((row) => row.dataset.pauseOf))) {
      if (!campaign || Date.now() - (asked[campaign] || 0) < 60000) continue;
      asked[campaign] = Date.now();
      const said = await fetch("/api/pauses/" + encodeURIComponent(campaign), { cache: "no-store" });
      if (!said.ok) continue;
      const own = (await said.json()).pauses.filter((p) => p.own);
      pauseNames[campaign] = Object.fromEntries(own.map((p) => [p.code, p.name]));
    }
  }
  new MutationObserver(names).observe(document.getElementById("agents"), { childList: true, subtree: true, attributeFilter: ["data-pause-of"] });
  names();
  offer("agents", "agent", ["pause", "logout"]);
  offer("campaigns", "campaign", ["start", "pause", "stop"]);
})();
