"use strict";
/* Draws the newest picture. Everything that came over the wire is written as text, never as markup. */
const $ = (id) => document.getElementById(id);
const LOCALE = WORDS.lang === "es" ? "es" : "en";
const whole = new Intl.NumberFormat(LOCALE), percent = new Intl.NumberFormat(LOCALE, { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
const AGENT_STATES = ["talking", "reserved", "ready", "wrapup", "paused", "logged_out"];
const OUTCOMES = ["connected", "abandoned", "early_hangup", "machine", "no_answer", "busy", "failed"];
const SILENT_MS = 4000, ALERT_SHOWN_MS = 24 * 3600000;
let picture = null, heard = 0, source = null;

function set(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
function rate(r) {
  return r.den ? percent.format(r.num / r.den) : "–";
}
function fraction(r) {
  return whole.format(r.num) + " / " + whole.format(r.den);
}
function big(node, text, small) {
  if (!node.lastElementChild) node.replaceChildren(document.createTextNode(""), document.createElement("small"));
  if (node.firstChild.data !== text) node.firstChild.data = text;
  set(node.lastElementChild, small || "");
}
function span(ms) {
  const s = Math.max(0, Math.floor(ms / 1000)), two = (n) => String(n).padStart(2, "0");
  return s < 3600 ? Math.floor(s / 60) + ":" + two(s % 60) : Math.floor(s / 3600) + ":" + two(Math.floor(s / 60) % 60) + ":" + two(s % 60);
}
/* The floor's clock, which in a rehearsal is not this browser's. */
function floorNow() {
  return picture.at + (performance.now() - heard);
}
function sum(list, take) {
  return list.reduce((n, item) => n + take(item), 0);
}
function sumRate(list, key) {
  return { num: sum(list, (c) => c[key].num), den: sum(list, (c) => c[key].den) };
}

/* The law counts each campaign by itself: the one closest to its limit is shown. */
function closestToLimit(campaigns) {
  const pressure = (a) => (a.den ? a.num / a.den / (a.limit_bp ? a.limit_bp / 10000 : 1) : 0);
  return campaigns.reduce((worst, c) => (!worst || pressure(c.abandonment) > pressure(worst.abandonment) ? c : worst), null);
}
function drawAbandonment(campaigns) {
  const worst = closestToLimit(campaigns), a = worst ? worst.abandonment : { num: 0, den: 0, limit_bp: 0 };
  big($("f-abandonment"), rate(a), a.den ? fraction(a) : "");
  const over = a.limit_bp > 0 && a.num * 10000 > a.limit_bp * a.den;
  $("a-abandonment").classList.toggle("over", over);
  const limit = a.limit_bp ? WORDS.legal_limit.replace("{n}", percent.format(a.limit_bp / 10000)) : WORDS.no_limit;
  const judged = !a.den ? WORDS.no_answers_yet : a.limit_bp ? (over ? WORDS.over_limit : WORDS.within_limit) : "";
  const surely = a.den && a.limit_bp ? WORDS.true_rate_below.replace("{n}", percent.format(a.up_to_bp / 10000)) : "";
  set($("f-abandonment-note"), [campaigns.length > 1 && worst ? worst.name : "", limit, judged, surely].filter(Boolean).join(" · "));
  const scale = a.limit_bp ? a.limit_bp / 10000 * 1.5 : 0.1; /* the mark stands at two thirds */
  $("g-fill").setAttribute("width", a.den ? Math.min(100, a.num / a.den / scale * 100) : 0);
  $("g-mark").setAttribute("visibility", a.limit_bp ? "visible" : "hidden");
}
function drawFigures(p) {
  const waiting = sum(p.campaigns, (c) => c.now.waiting), talking = p.agents.filter((a) => a.state === "talking").length;
  const present = p.agents.filter((a) => a.state !== "logged_out").length, ready = p.agents.filter((a) => a.state === "ready").length;
  const answers = sumRate(p.campaigns, "answers");
  big($("f-calls"), whole.format(p.calls));
  set($("f-calls-note"), p.calls_limit ? WORDS.of_limit.replace("{n}", whole.format(p.calls_limit)) : "");
  big($("f-talking"), whole.format(talking), "/ " + whole.format(present));
  set($("f-talking-note"), WORDS.agents_ready_n.replace("{n}", whole.format(ready)));
  big($("f-waiting"), whole.format(waiting));
  $("f-waiting").parentElement.classList.toggle("alert", waiting > 0);
  set($("f-waiting-note"), waiting ? WORDS.waiting_some : WORDS.waiting_none);
  big($("f-answers"), whole.format(answers.num), answers.den ? rate(answers) : "");
  set($("f-answers-note"), fraction(answers) + " " + WORDS.of_attempts);
  drawAbandonment(p.campaigns);
  big($("f-occupancy"), rate(sumRate(p.campaigns, "occupancy")));
}
/* What a person should look at, of the last day; the floor's clock says when. */
function drawAlerts(p) {
  const list = $("alerts"), fresh = p.alerts.filter((a) => p.at - a.at < ALERT_SHOWN_MS);
  const lines = fresh.map((a) => new Date(a.at).toLocaleTimeString(LOCALE, { hour12: false }) + "  " + a[LOCALE] + (a.times > 1 ? "  ×" + whole.format(a.times) : ""));
  list.hidden = !lines.length;
  if (list.textContent === lines.join("")) return;
  list.replaceChildren(...lines.map((text) => Object.assign(document.createElement("li"), { textContent: text })));
}
function drawCalls(p) {
  for (const item of $("path").children) {
    const n = sum(p.campaigns, (c) => c.now[item.dataset.key]);
    set(item.firstElementChild, whole.format(n));
    item.toggleAttribute("data-some", n > 0);
  }
  const attempts = sum(p.campaigns, (c) => c.attempts);
  set($("o-attempts"), whole.format(attempts));
  set($("o-refused"), whole.format(sum(p.campaigns, (c) => c.refused)));
  for (const row of $("outcomes").children) {
    const n = sum(p.campaigns, (c) => c.outcomes[row.dataset.outcome]);
    row.querySelector("rect").setAttribute("width", attempts ? n / attempts * 100 : 0);
    set(row.cells[2], whole.format(n));
    set(row.cells[3], attempts ? percent.format(n / attempts) : "–");
  }
}
function buildOutcomes() {
  const SVG = "http://www.w3.org/2000/svg";
  for (const key of OUTCOMES) {
    const row = $("outcomes").insertRow(), name = document.createElement("th"), svg = document.createElementNS(SVG, "svg"), bar = document.createElementNS(SVG, "rect");
    row.dataset.outcome = key;
    name.scope = "row";
    name.textContent = WORDS[key];
    svg.setAttribute("viewBox", "0 0 100 10");
    svg.setAttribute("preserveAspectRatio", "none");
    svg.setAttribute("aria-hidden", "true");
    bar.setAttribute("height", "10");
    svg.append(bar);
    row.append(name);
    row.insertCell().append(svg);
    row.insertCell().className = "n";
    row.insertCell().className = "n quiet";
  }
}
/* One row a thing, in the order given; rows of things that are gone leave. */
function rows(body, list, build, fill) {
  const old = new Map([...body.children].map((row) => [row.dataset.id, row]));
  list.forEach((item, i) => {
    let row = old.get(item.id);
    old.delete(item.id);
    if (!row) {
      row = document.createElement("tr");
      row.dataset.id = item.id;
      build(row);
    }
    if (body.children[i] !== row) body.insertBefore(row, body.children[i] || null);
    fill(row, item);
  });
  for (const row of old.values()) row.remove();
}
function cells(row, classes, labels) {
  const name = document.createElement("th");
  name.scope = "row";
  row.append(name);
  classes.forEach((c, i) => {
    const cell = row.insertCell();
    cell.className = c;
    if (labels && labels[i]) cell.dataset.label = labels[i];
  });
}
function buildAgent(row) {
  cells(row, ["", "n since", "phone", "", "seat", "n calls"], ["", "", "", "", "", WORDS.calls]);
  const dot = document.createElement("span");
  dot.className = "dot";
  row.cells[1].append(dot, document.createTextNode(""));
}
/* What a pause is for: as the campaign calls it (a supervisor's page asks for that: lead.js), else in the page's own words. */
const pauseNames = {};
function pauseWord(a) {
  const own = a.campaign === null ? null : pauseNames[picture.campaigns[a.campaign].name];
  return (own && own[a.pause]) || WORDS["pause_" + a.pause] || a.pause;
}
function fillAgent(row, a) {
  row.dataset.name = a.name;
  row.dataset.state = a.state;
  row.dataset.since = a.since;
  row.dataset.pauseOf = a.pause && a.campaign !== null ? picture.campaigns[a.campaign].name : "";
  row.dataset.seat = a.state === "logged_out" || a.seat_up ? "up" : "down";
  set(row.cells[0], a.name);
  row.cells[1].childNodes[1].data = (WORDS["state_" + a.state] || a.state) + (a.pause ? ": " + pauseWord(a) : "") + (a.rests_until ? ": " + WORDS.resting : "") + (a.late_machine ? ": " + WORDS.late_machine : "");
  set(row.cells[2], a.since ? span(floorNow() - a.since) : "");
  set(row.cells[3], a.phone || "");
  set(row.cells[4], a.campaign === null ? "" : picture.campaigns[a.campaign].name);
  set(row.cells[5], a.seat_up ? WORDS.seat_up : a.state === "logged_out" ? "" : WORDS.seat_down);
  set(row.cells[6], whole.format(a.calls));
}
function drawAgents(p) {
  const byName = new Intl.Collator(LOCALE, { numeric: true });
  const list = [...p.agents].sort((a, b) => (a.state === "logged_out") - (b.state === "logged_out") || byName.compare(a.name, b.name));
  rows($("agents"), list, buildAgent, fillAgent);
  $("no-agents").hidden = list.length > 0;
  $("t-agents").hidden = list.length === 0;
  AGENT_STATES.forEach((state, i) => {
    const n = list.filter((a) => a.state === state).length;
    set($("tally").children[i].querySelector("b"), whole.format(n));
    $("tally").children[i].hidden = n === 0;
    $("strip").children[i].style.flexGrow = n;
  });
}
function buildTally() {
  for (const state of AGENT_STATES) {
    const item = document.createElement("li"), dot = document.createElement("span"), part = document.createElement("i");
    item.dataset.state = part.dataset.state = state;
    dot.className = "dot";
    item.append(dot, WORDS["state_" + state], document.createElement("b"));
    $("tally").append(item);
    $("strip").append(part);
  }
}
function drawCampaigns(p) {
  const labels = ["", "", WORDS.held_by, WORDS.attempts, WORDS.answers, WORDS.abandonment, WORDS.occupancy, WORDS.open];
  rows($("campaigns"), p.campaigns, (row) => cells(row, ["", "", "", "n", "n", "n", "n", "n"], labels), (row, c) => {
    row.dataset.name = c.name;
    set(row.cells[0], c.name);
    if (!row.cells[1].firstChild) row.cells[1].append("");
    row.cells[1].firstChild.data = WORDS["campaign_" + c.state] || c.state;
    set(row.cells[2], WORDS["mode_" + c.mode] || c.mode);
    set(row.cells[3], WORDS["bound_" + c.bound] || c.bound);
    set(row.cells[4], whole.format(c.attempts));
    set(row.cells[5], fraction(c.answers));
    set(row.cells[6], fraction(c.abandonment) + (c.abandonment.den ? " · " + rate(c.abandonment) : ""));
    set(row.cells[7], rate(c.occupancy));
    set(row.cells[8], whole.format(c.open));
  });
  $("no-campaigns").hidden = p.campaigns.length > 0;
  $("t-campaigns").hidden = p.campaigns.length === 0;
}
/* Callers who wait, and how they are served. */
function drawQueues(p) {
  const labels = [WORDS.queue_waiting, WORDS.queue_longest, WORDS.queue_agents, WORDS.queue_offered, WORDS.queue_answered, WORDS.queue_abandoned, WORDS.queue_turned_away, WORDS.queue_service];
  const list = p.queues || [];
  rows($("queues"), list, (row) => cells(row, ["n", "n", "n", "n", "n", "n", "n", "n"], labels), (row, q) => {
    set(row.cells[0], q.name);
    set(row.cells[1], whole.format(q.waiting));
    set(row.cells[2], q.waiting ? span(q.longest_ms) : "–");
    set(row.cells[3], whole.format(q.idle) + " / " + whole.format(q.agents));
    set(row.cells[4], whole.format(q.offered));
    set(row.cells[5], whole.format(q.answered));
    set(row.cells[6], whole.format(q.abandoned));
    set(row.cells[7], whole.format(q.turned_away + q.refused));
    set(row.cells[8], q.service.den ? rate(q.service) + " · " + fillIn(WORDS.queue_within, { n: whole.format(q.service_ms / 1000) }) : "–");
    row.classList.toggle("alert", q.waiting > 0 && q.longest_ms > q.service_ms);
  });
  $("s-queues").hidden = list.length === 0;
}
/* What the pacer decided last, in words, and what held it back in the last minutes. */
const REASON_SECONDS = 300, REASON_COLUMN = 5;
const reasons = new Map(); /* campaign id: [[second, launched, bound], ...] */
const tenth = new Intl.NumberFormat(LOCALE, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
function fillIn(text, values) {
  return text.replace(/\{(\w+)\}/g, (all, key) => values[key] ?? all);
}
function reasonSentence(w) {
  const parts = [fillIn(WORDS.why_placed, { n: whole.format(w.launched) })];
  if (w.mode === "predictive") parts.push(fillIn(WORDS.why_expected, { free: tenth.format(w.ready + w.freeing_milli / 1000), people: tenth.format(w.people_milli / 1000), s: w.within_ms / 1000 }));
  parts.push(fillIn(WORDS.why_budget, { n: tenth.format(w.credit_milli / 1000) }), fillIn(WORDS.why_bound, { bound: WORDS["bound_" + w.bound] || w.bound }));
  if (w.dials !== w.mode) parts.push(WORDS.why_safe);
  return parts.join("; ") + ".";
}
function minutesSentence(list) {
  const count = new Map();
  for (const [, , bound] of list) count.set(bound, (count.get(bound) || 0) + 1);
  const words = [...count].sort((a, b) => b[1] - a[1]).slice(0, 3).map(([bound, n]) => (WORDS["bound_" + bound] || bound) + " " + percent.format(n / list.length));
  return fillIn(WORDS.why_minutes, { n: whole.format(sum(list, (r) => r[1])), list: words.join(", ") });
}
function drawReasonStrip(svg, list, now) {
  const SVG = "http://www.w3.org/2000/svg", columns = REASON_SECONDS / REASON_COLUMN, cells = Array.from({ length: columns }, () => ({ n: 0, bound: null }));
  for (const [second, launched, bound] of list) {
    const i = columns - 1 - Math.floor((now - second) / REASON_COLUMN);
    if (i >= 0 && i < columns) { cells[i].n += launched; cells[i].bound = bound; }
  }
  const most = Math.max(1, ...cells.map((c) => c.n));
  while (svg.children.length < columns) svg.append(document.createElementNS(SVG, "rect"));
  cells.forEach((c, i) => {
    const bar = svg.children[i], high = c.bound ? 4 + 26 * c.n / most : 0;
    bar.setAttribute("x", i * 5); bar.setAttribute("width", 4);
    bar.setAttribute("y", 30 - high); bar.setAttribute("height", high);
    bar.dataset.bound = c.bound || "";
  });
}
function drawWhy(p) {
  const running = p.campaigns.filter((c) => c.why && c.state === "running"), second = Math.floor(p.at / 1000);
  $("s-why").hidden = running.length === 0;
  for (const c of running) {
    const list = reasons.get(c.id) || [];
    if (!list.length || list[list.length - 1][0] < second) list.push([second, c.why.launched, c.why.bound]);
    while (list.length && list[0][0] <= second - REASON_SECONDS) list.shift();
    reasons.set(c.id, list);
  }
  const old = new Map([...$("why").children].map((box) => [box.dataset.id, box]));
  for (const c of running) {
    let box = old.get(c.id);
    old.delete(c.id);
    if (!box) {
      box = document.createElement("article");
      box.dataset.id = c.id;
      const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
      svg.setAttribute("viewBox", "0 0 300 30");
      svg.setAttribute("preserveAspectRatio", "none");
      svg.setAttribute("aria-hidden", "true");
      box.append(document.createElement("h3"), document.createElement("p"), svg, document.createElement("p"));
      $("why").append(box);
    }
    set(box.children[0], c.name);
    set(box.children[1], reasonSentence(c.why));
    drawReasonStrip(box.children[2], reasons.get(c.id), second);
    set(box.children[3], minutesSentence(reasons.get(c.id)));
  }
  for (const box of old.values()) box.remove();
}
function drawBox(p) {
  set($("b-lag"), p.box.loop_lag_max_us ? whole.format(Math.round(p.box.loop_lag_max_us / 100) / 10) + " ms" : "–"); /* 0: not measured */
  set($("b-restarts"), whole.format(p.box.sip_restarts));
  set($("b-late"), whole.format(p.box.late_mail));
  set($("b-refused"), whole.format(p.box.refused_orders));
  $("draining").hidden = !p.draining;
}
function draw(p) {
  picture = p;
  heard = performance.now();
  drawAlerts(p);
  drawFigures(p);
  drawCalls(p);
  drawAgents(p);
  drawQueues(p);
  drawCampaigns(p);
  drawWhy(p);
  drawBox(p);
  chart.add(p.point);
  tick();
}
function link(state) {
  $("link").dataset.state = state;
  set($("link").lastElementChild, WORDS[state]);
}
function tick() {
  if (!picture) return;
  const now = floorNow();
  for (const row of $("agents").children) if (row.dataset.since !== "0") set(row.cells[2], span(now - row.dataset.since));
  set($("clock"), new Date(now).toLocaleTimeString(LOCALE, { hour12: false }));
  set($("b-uptime"), picture.started ? span(now - picture.started) : "–");
  if (source && source.readyState === EventSource.OPEN) link(performance.now() - heard > SILENT_MS ? "silent" : "live");
}
async function loadSeries() {
  try {
    const answer = await fetch("/api/series", { cache: "no-store" });
    if (!answer.ok) return;
    const series = await answer.json();
    chart.load(series.points);
    for (const [id, list] of Object.entries(series.reasons || {})) reasons.set(id, list);
  } catch (error) { /* the stream's own retry brings the series again */ }
}
function watch() {
  source = new EventSource("/events");
  source.onopen = loadSeries;
  source.onerror = () => {
    link("lost");
    if (source.readyState === EventSource.CLOSED) setTimeout(() => { if (!document.hidden) rewatch(); }, 3000);
  };
  source.addEventListener("live", (event) => draw(JSON.parse(event.data)));
}
function rewatch() {
  if (source) source.close();
  watch();
}
/* A browser opens six connections to one host: a hidden tab gives its own back. */
document.addEventListener("visibilitychange", () => {
  if (document.hidden) source.close();
  else rewatch();
});
buildOutcomes();
buildTally();
watch();
setInterval(tick, 1000);
