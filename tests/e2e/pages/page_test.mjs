// The story: a supervisor opens the live floor in a browser, sees agents and the chart move, changes to Spanish,
// reloads, and finds the same picture in the same language. Nothing on the page breaks its own content policy.
//   node page_test.mjs CONSOLE_FEEDER        (exit 77: no browser or no playwright-core here)
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";

const BROWSER = process.env.CHROMIUM || "/usr/bin/chromium";
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

function skip(why) {
  console.log("skipped: " + why);
  process.exit(77);
}
const playwright = await import("playwright-core").catch(() => null);
if (!playwright) skip("playwright-core is not installed (npm ci in tests/e2e/pages)");
if (!existsSync(BROWSER)) skip("no " + BROWSER + " (Debian package chromium)");

/* The console child says on its standard error where it serves. */
function startFeeder() {
  const feeder = spawn(process.argv[2], ["127.0.0.1", "0", "16"], { stdio: ["ignore", "ignore", "pipe"] });
  return new Promise((resolve, reject) => {
    let said = "";
    feeder.on("exit", (code) => reject(new Error("the feeder ended with " + code + ": " + said)));
    feeder.stderr.on("data", (data) => {
      said += data;
      const found = said.match(/live page at (http:\/\/\S+)/);
      if (found) resolve({ feeder, url: found[1] });
    });
  });
}

const { feeder, url } = await startFeeder();
const browser = await playwright.chromium.launch({ executablePath: BROWSER, args: FLAGS });
try {
  const context = await browser.newContext({ locale: "en-GB", viewport: { width: 1280, height: 900 } });
  const page = await context.newPage(), complaints = [];
  page.on("console", (message) => { if (["error", "warning"].includes(message.type())) complaints.push(message.text()); });
  page.on("pageerror", (error) => complaints.push(error.message));
  page.setDefaultTimeout(20000);
  const text = (selector) => page.locator(selector).first().innerText();

  await page.goto(url);
  await page.locator("#link[data-state=live]").waitFor();
  assert.equal(await page.locator("#agents tr").count(), 16, "every agent has a row");
  assert.equal(await text("#agents tr:first-child th"), "Ana Torres");
  const ticking = await text("#agents tr:first-child .since");
  await page.waitForFunction((before) => document.querySelector("#agents tr:first-child .since").innerText !== before, ticking);
  assert.match(await text("#f-abandonment"), /^\d\.\d%\s*\d+ \/ \d+$/);
  assert.match(await text("#f-abandonment-note"), /legal limit 3\.0%/);
  assert.ok((await page.locator("#chart canvas").count()) > 0, "the chart is drawn");
  await page.locator("#why").getByText("held back by").first().waitFor();
  const reason = await text("#why");
  assert.match(reason, /calls placed in the last second/);
  assert.match(reason, /[\d.]+ agents expected free and [\d.]+ people answering within 10 s/, "what the pacer expected");
  assert.match(reason, /budget allows -?[\d.]+ more lost calls/);
  assert.match(reason, /held back by: (agents|risk of abandoning|abandonment budget|lines)/, "what bound it");
  const phones = await page.locator("#agents .phone").allInnerTexts();
  assert.ok(phones.some((p) => p === "+1202555****"), "numbers are masked");
  const states = (word) => page.waitForFunction((w) => [...document.querySelectorAll("#agents tr")].some((row) => row.innerText.includes(w)), word);
  await states("Ready: resting");
  assert.match(await text("#alerts li"), /^\d\d:\d\d:\d\d\s+\/var\/lib\/cadencia cannot be written \(full\): nobody is dialed/, "alerts are told");

  await page.locator("a.lang").click();
  await page.locator("#link[data-state=live]").waitFor();
  assert.equal(await text("#h-agents"), "Agentes");
  await states("Listo: descansa");
  assert.match(await text("#alerts li"), /no se puede escribir en \/var\/lib\/cadencia \(full\): no se llama a nadie/);
  await page.locator("#why").getByText("frenado por").first().waitFor();
  assert.match(await text("#why"), /se esperan [\d,]+ agentes libres y [\d,]+ personas que contestan en 10 s/);
  assert.match(await text("#why"), /frenado por: (agentes|riesgo de abandono|cupo de abandono|líneas)/);
  const attempts = () => page.evaluate(() => Number(document.getElementById("o-attempts").innerText.replace(/\D/g, "")));
  await page.waitForFunction(() => document.getElementById("o-attempts").innerText !== "0");
  const before = await attempts();

  await page.goto(url); /* without ?lang= */
  await page.locator("#link[data-state=live]").waitFor();
  await page.waitForFunction(() => document.getElementById("o-attempts").innerText !== "0");
  assert.equal(await page.locator("html").getAttribute("lang"), "es", "the switch is remembered");
  assert.ok((await attempts()) >= before, "a reload shows the same day");
  await page.waitForFunction(() => document.querySelectorAll("#chart canvas").length > 0);
  const series = await page.evaluate(async () => (await (await fetch("/api/series")).json()).points.length);
  assert.ok(series > 200, "the chart's past survives a reload");

  await page.setViewportSize({ width: 360, height: 740 });
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(width <= 360, "a phone needs no sideways scrolling: " + width);
  assert.deepEqual(complaints, [], "the browser has nothing to complain about");
  console.log("ok: the live floor in a browser");
} finally {
  await browser.close();
  feeder.removeAllListeners("exit");
  feeder.kill();
}
