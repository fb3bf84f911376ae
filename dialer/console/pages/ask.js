"use strict";
/* May this number be called, and why does a campaign not dial? For supervisors; the daemon's own commands answer. */
(async () => {
  const answer = await fetch("/api/me", { cache: "no-store" });
  if (!answer.ok || (await answer.json()).role !== "supervisor") return;
  const at = id => document.getElementById(id), form = at("ask"), pick = form.elements.campaign;
  const lang = document.documentElement.lang;
  at("s-ask").hidden = false;
  const time = text => (text ? new Date(text).toLocaleString(lang, { dateStyle: "short", timeStyle: "short" }) : "");
  const count = n => Number(n).toLocaleString(lang);
  /* The campaigns of the floor; what was chosen stays chosen. */
  const fill = () => {
    const names = [...at("campaigns").children].map(row => row.dataset.name), chosen = pick.value;
    if (names.join() === [...pick.options].map(o => o.value).join()) return;
    pick.replaceChildren(...names.map(name => new Option(name, name)));
    if (names.includes(chosen)) pick.value = chosen;
  };
  new MutationObserver(fill).observe(at("campaigns"), { childList: true, attributes: true, subtree: true, attributeFilter: ["data-name"] });
  fill();
  function table(heads, rows) {
    const cell = (tag, text) => Object.assign(document.createElement(tag), { textContent: text });
    at("ask-heads").replaceChildren(...heads.map(h => cell("th", h)));
    at("ask-rows").replaceChildren(...rows.map(row => {
      const tr = document.createElement("tr");
      tr.append(...row.map(text => cell("td", text)));
      return tr;
    }));
    at("t-ask").hidden = rows.length === 0;
  }
  function say(text, more) {
    at("ask-says").textContent = text;
    at("ask-says").hidden = !text;
    at("ask-more").textContent = more;
    at("ask-more").hidden = !more;
  }
  function contact(w) {
    const next = w.allowed ? "" : " " + WORDS.ask_next + ": " + (time(w.next) || WORDS.ask_never);
    say(w.phone + ": " + (w.allowed ? WORDS.ask_yes : WORDS.ask_no + ", " + w.says + (w.rule ? " (" + w.rule + ")" : "") + "." + next),
      [...w.regions, ...w.zones].join(", "));
    table([WORDS.ask_rule, WORDS.ask_verdict, WORDS.ask_looked, WORDS.ask_next],
      w.rules.map(r => [r.rule, r.fulfilled ? "✓" : r.reason, r.inputs, time(r.next)]));
  }
  function campaign(w) {
    const missing = w.needs.map(n => n.missing + " (" + n.fix + ")");
    say(w.campaign + ": " + WORDS.ask_dialable.replace("{n}", count(w.dialable)).replace("{of}", count(w.contacts)),
      [...missing, WORDS.ask_hours + ": " + w.hours.filter((_, i) => i < 12).map(h => time(h.at).split(/[ ,]+/).pop() + " " + count(h.dialable)).join(" · ")].join(" — "));
    table([WORDS.ask_reason, WORDS.ask_contacts, WORDS.ask_meaning, WORDS.ask_next],
      w.reasons.map(r => [r.reason, count(r.contacts), r.says, time(r.next)]));
  }
  form.addEventListener("submit", async event => {
    event.preventDefault();
    const what = event.submitter ? event.submitter.dataset.ask : "contact";
    const said = await fetch("/api/why/" + what, { method: "POST", headers: { "Content-Type": "application/json", "X-Cadencia": "1" },
      body: JSON.stringify({ number: form.elements.number.value.trim(), campaign: pick.value, lang }) });
    if (said.status === 401) location.replace("/sign-in");
    const w = await said.json();
    if (said.ok) (what === "contact" ? contact : campaign)(w);
    else {
      say(w.error || WORDS.no_answer_box, "");
      table([], []);
    }
  });
})();
