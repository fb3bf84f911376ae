"use strict";
/* An agent's desk. The server owns all of it: a reload, a closed tab or another browser shows the same call and the same note. */
const $ = (id) => document.getElementById(id);
const NOTE_AFTER_MS = 400, SILENT_MS = 25000;
const DAY = [["calls", "calls"], ["talking_ms", "state_talking"], ["wrapup_ms", "state_wrapup"], ["ready_ms", "state_ready"], ["paused_ms", "state_paused"]];
let desk = null, at = 0, heard = 0, source = null, noteTimer = 0, noteOf = "", loading = false, again = false;

function set(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
function span(ms) {
  const s = Math.max(0, Math.floor(ms / 1000)), two = (n) => String(n).padStart(2, "0");
  return s < 3600 ? Math.floor(s / 60) + ":" + two(s % 60) : Math.floor(s / 3600) + ":" + two(Math.floor(s / 60) % 60) + ":" + two(s % 60);
}
function complain(text) {
  set($("complaint"), text);
  $("complaint").hidden = !text;
}
async function ask(path, body) {
  const options = body === undefined ? {} : { method: "POST", headers: { "Content-Type": "application/json", "X-Cadencia": "1" }, body: JSON.stringify(body) };
  const answer = await fetch(path, { cache: "no-store", ...options });
  if (answer.status === 401 || answer.status === 403) location.replace("/sign-in");
  return { ok: answer.ok, said: await answer.json() };
}

/* ---- the note ---- */
async function keepNote() {
  clearTimeout(noteTimer);
  noteTimer = 0;
  if (!noteOf) return;
  const { ok } = await ask("/api/desk/note", { attempt: noteOf, text: $("note").value });
  set($("note-kept"), ok ? WORDS.note_kept : WORDS.no_answer_box);
}
$("note").addEventListener("input", () => {
  set($("note-kept"), "");
  clearTimeout(noteTimer);
  noteTimer = setTimeout(keepNote, NOTE_AFTER_MS);
});

/* ---- drawing ---- */
function pairs(list, box) {
  box.replaceChildren(...list.flatMap(([name, value]) => {
    const dt = document.createElement("dt"), dd = document.createElement("dd");
    dt.textContent = name;
    dd.textContent = value;
    return [dt, dd];
  }));
}
function drawCall(call) {
  $("c-none").hidden = !!call;
  $("c-call").hidden = !call;
  if (!call) {
    noteOf = "";
    return;
  }
  set($("c-name"), call.name || WORDS.no_name);
  set($("c-phone"), call.phone);
  const fields = Object.entries(call.fields || {}).map(([k, v]) => [k, typeof v === "string" ? v : JSON.stringify(v)]);
  pairs([[WORDS.reference, call.reference], [WORDS.zone, call.zone], [WORDS.language, call.language], ...fields].filter(([, v]) => v), $("c-fields"));
  if (noteOf !== call.attempt) {
    noteOf = call.attempt;
    $("note").value = call.note;
    set($("note-kept"), "");
  }
}
/* Who is shown before anybody is dialed. */
let previewOf = "", previewAt = 0;
function drawPreview(p) {
  $("preview").hidden = !p;
  $("contact").hidden = !!p;
  previewAt = p && p.dials_at ? Date.parse(p.dials_at) : 0;
  if (!p || previewOf === p.contact) {
    if (!p) previewOf = "";
    return;
  }
  previewOf = p.contact;
  $("p-reason").value = "";
  set($("p-name"), p.name || WORDS.no_name);
  set($("p-phone"), p.phone);
  const fields = Object.entries(p.fields || {}).map(([k, v]) => [k, typeof v === "string" ? v : JSON.stringify(v)]);
  pairs([[WORDS.reference, p.reference], [WORDS.zone, p.zone], [WORDS.language, p.language], [WORDS.preview_tries, p.tries ? String(p.tries) : ""], ...fields].filter(([, v]) => v), $("p-fields"));
}
function drawCodes() {
  const open = desk.state === "talking" || desk.state === "wrapup";
  $("codes").replaceChildren(...desk.dispositions.map((d) => {
    const button = document.createElement("button"), key = document.createElement("kbd");
    button.type = "button";
    button.disabled = !open;
    key.textContent = d.key;
    button.append(key, " ", d.code);
    button.addEventListener("click", () => choose(d));
    return button;
  }));
}
/* The field's own reasons speak the page's language; those of a site are told as they were written. */
const pauseWord = (p) => (!p.own && WORDS["pause_" + p.code]) || p.name;
/* The reasons of a pause; what was chosen stays chosen. */
function drawReasons() {
  const list = [["", WORDS.pause_reason], ...desk.pauses.map((p) => [p.code, pauseWord(p)])], key = JSON.stringify(list);
  if ($("reason").dataset.key === key) return;
  const kept = $("reason").value;
  $("reason").dataset.key = key;
  $("reason").replaceChildren(...list.map(([code, name]) => new Option(name, code)));
  $("reason").value = list.some(([code]) => code === kept) ? kept : "";
}
function drawState() {
  const why = desk.state === "paused" && desk.pause ? desk.pauses.find((p) => p.code === desk.pause) : null;
  set($("s-name"), (WORDS["state_" + desk.state] || desk.state) + (why ? ": " + pauseWord(why) : ""));
  $("reason").hidden = desk.state === "logged_out";
  $("state").dataset.state = desk.state;
  $("seat").hidden = desk.seat_up || desk.state === "logged_out";
  const out = desk.state === "logged_out", shown = { ready: desk.state !== "ready", pause: !out && desk.state !== "paused", login: out, logout: !out };
  $("dial").hidden = !desk.by_hand || !(desk.state === "ready" || desk.state === "paused");
  for (const button of document.querySelectorAll("[data-want]")) button.hidden = !shown[button.dataset.want];
}
function draw() {
  set($("who"), desk.agent);
  set($("campaign"), desk.campaign);
  drawReasons();
  drawState();
  drawCall(desk.call);
  drawPreview(desk.preview);
  drawCodes();
  if (!desk.call) hidePromise();
  pairs(DAY.map(([key, word]) => [WORDS[word], key === "calls" ? String(desk.today[key]) : span(desk.today[key])]), $("today"));
  tick();
}
function tick() {
  const now = at + (performance.now() - heard);
  set($("s-since"), desk && desk.since_ms ? span(now - desk.since_ms) : "");
  const rest = desk && desk.rests_until ? Date.parse(desk.rests_until) - now : 0;
  set($("rest"), rest > 0 ? WORDS.resting_left.replace("{left}", span(rest + 999)) : "");
  set($("p-left"), previewAt ? WORDS.preview_left.replace("{left}", span(Math.max(0, previewAt - now) + 999)) : "");
  if (source && source.readyState === EventSource.OPEN) link(performance.now() - heard > SILENT_MS ? "silent" : "live");
}
function link(state) {
  $("link").dataset.state = state;
  set($("link").lastElementChild, WORDS[state]);
}

/* ---- doing ---- */
async function load() {
  if (loading) {
    again = true; /* what comes meanwhile is fetched once more, not twice at a time */
    return;
  }
  loading = true;
  do {
    again = false;
    try {
      const { ok, said } = await ask("/api/desk");
      if (!ok) throw new Error(said.error);
      desk = said;
      desk.since_ms = desk.since ? Date.parse(desk.since) : 0;
      draw();
    } catch (error) {
      link("lost");
    }
  } while (again);
  loading = false;
}
async function act(path, body) {
  complain("");
  try {
    if (noteTimer) await keepNote();
    const { ok, said } = await ask(path, body);
    if (!ok) complain(said.error || WORDS.no_answer_box);
    else if (said.callback) drawPromised(said.callback);
  } catch (error) {
    complain(WORDS.no_answer_box);
  }
  load();
}
function dispose(code) {
  set($("promised"), "");
  act("/api/desk/dispose", { code });
}
/* ---- a promised call: in the customer's own time ---- */
let promiseOf = "";
function zoneOf() {
  return desk.call && desk.call.zone ? desk.call.zone : "";
}
/* What the code wants written down: "amount=number!,due=date,remark=text". */
function drawWritten(d) {
  $("written").replaceChildren(...d.fields.split(",").filter(Boolean).map((one) => {
    const [name, kind] = one.split("="), label = document.createElement("label"), input = document.createElement("input"), must = kind.endsWith("!");
    input.dataset.field = name;
    input.required = must;
    input.maxLength = 200;
    input.type = kind.startsWith("date") ? "date" : "text";
    if (kind.startsWith("number")) input.inputMode = "decimal", input.pattern = "-?[0-9]*[.,]?[0-9]+", input.title = WORDS.field_number;
    label.append(name.replace(/_/g, " ") + (must ? " *" : ""), " ", input);
    return label;
  }));
}
function choose(d) {
  if (!d.calls_back && !d.fields) {
    hidePromise();
    dispose(d.code);
    return;
  }
  promiseOf = d.code;
  drawWritten(d);
  set($("promised"), "");
  $("promise-call").hidden = $("promise-own").hidden = $("promise-at").disabled = !d.calls_back;
  if (d.calls_back) drawPromise();
  $("promise").hidden = false;
  $("promise").querySelector("input:not([disabled])").focus();
}
function drawPromise() {
  const soon = new Date(Date.now() + 3600000), two = (n) => String(n).padStart(2, "0");
  let parts = { year: soon.getFullYear(), month: two(soon.getMonth() + 1), day: two(soon.getDate()), hour: two(soon.getHours()) };
  try { /* an hour from now by the customer's clock */
    if (zoneOf()) parts = Object.fromEntries(new Intl.DateTimeFormat("en-CA", { timeZone: zoneOf(), year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", hourCycle: "h23" }).formatToParts(soon).map((p) => [p.type, p.value]));
  } catch (error) { /* a zone that this browser does not know */ }
  $("promise-at").value = parts.year + "-" + parts.month + "-" + parts.day + "T" + parts.hour + ":00";
  set($("promise-when"), zoneOf() ? WORDS.callback_when_zone.replace("{zone}", zoneOf()) : WORDS.callback_when);
}
function hidePromise() {
  $("promise").hidden = true;
  promiseOf = "";
}
function drawPromised(c) {
  const at = new Date(c.due);
  let text = at.toLocaleString(WORDS.lang, { timeZone: c.zone || undefined, dateStyle: "medium", timeStyle: "short" });
  text = WORDS.callback_kept.replace("{at}", text).replace("{zone}", c.zone);
  set($("promised"), c.moved_by ? text + " " + WORDS.callback_moved : text);
}
$("promise").addEventListener("submit", (event) => {
  event.preventDefault();
  const body = { code: promiseOf, fields: Object.fromEntries([...$("written").querySelectorAll("input")].map((i) => [i.dataset.field, i.value.trim()])) };
  if (!$("promise-at").disabled) Object.assign(body, { callback: $("promise-at").value.replace("T", " ").slice(0, 16), mine: $("promise-mine").checked });
  hidePromise();
  act("/api/desk/dispose", body);
});
$("promise-none").addEventListener("click", hidePromise);
for (const button of document.querySelectorAll("[data-want]")) button.addEventListener("click", () => act("/api/desk/state/" + button.dataset.want, button.dataset.want === "pause" && $("reason").value ? { reason: $("reason").value } : {}));
$("dial").addEventListener("submit", (event) => {
  event.preventDefault();
  const number = $("dial-number").value.trim();
  $("dial-number").value = "";
  if (number) act("/api/desk/dial", { number, lang: WORDS.lang });
});
$("p-dial").addEventListener("click", () => act("/api/desk/preview/dial", { contact: previewOf }));
$("p-skip").addEventListener("click", () => {
  if ($("p-reason").value) act("/api/desk/preview/skip", { contact: previewOf, reason: $("p-reason").value });
  else $("p-reason").focus();
});
$("sign-out").addEventListener("click", async () => {
  await ask("/api/sign-out", {});
  location.replace("/sign-in");
});
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || /^(TEXTAREA|INPUT|SELECT)$/.test(event.target.tagName) || !desk) return;
  const found = desk.dispositions.find((d) => String(d.key) === event.key);
  if (found && desk.state === "wrapup") {
    event.preventDefault();
    choose(found);
  }
});
function watch() {
  source = new EventSource("/desk/events");
  source.onopen = load;
  source.onerror = () => {
    link("lost");
    if (source.readyState === EventSource.CLOSED) setTimeout(watch, 3000);
  };
  source.addEventListener("beat", () => { at += performance.now() - heard; heard = performance.now(); });
  source.addEventListener("desk", (event) => {
    const news = JSON.parse(event.data);
    at = news.at;
    heard = performance.now();
    if (desk) { /* the state at once, the contact as soon as it is here */
      desk.state = news.state;
      desk.since_ms = news.since;
      desk.seat_up = news.seat_up;
      drawState();
      drawCodes();
      tick();
    }
    load();
  });
}
at = Date.now();
watch();
setInterval(tick, 1000);
