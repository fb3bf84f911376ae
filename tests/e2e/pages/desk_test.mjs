// The story: an agent in wrap-up promises another call in the customer's own time, then pauses and says why; a reload shows the same.
//   node desk_test.mjs URL USER PASSWORD        (exit 77: no browser or no playwright-core here)
import assert from "node:assert/strict";
import { existsSync } from "node:fs";

const BROWSER = process.env.CHROMIUM || "/usr/bin/chromium";
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const [url, user, password] = process.argv.slice(2);
const playwright = await import("playwright-core").catch(() => null);
if (!playwright || !existsSync(BROWSER)) {
  console.log("skipped: no playwright-core or no " + BROWSER);
  process.exit(77);
}
const browser = await playwright.chromium.launch({ executablePath: BROWSER, args: FLAGS });
try {
  const context = await browser.newContext({ locale: "en-GB", timezoneId: "Europe/Madrid", viewport: { width: 1100, height: 900 } });
  const page = await context.newPage(), complaints = [];
  page.on("console", (message) => { if (["error", "warning"].includes(message.type())) complaints.push(message.text()); });
  page.on("pageerror", (error) => complaints.push(error.message));
  page.setDefaultTimeout(20000);
  const says = (selector, part) => page.waitForFunction(([s, p]) => document.querySelector(s).innerText.includes(p), [selector, part]);

  await page.goto(url + "sign-in");
  await page.locator("#name").first().fill(user);
  await page.locator("input[type=password]").first().fill(password);
  await page.keyboard.press("Enter");
  await page.waitForURL("**/desk*");
  await says("#s-name", "Wrap");
  await says("#c-name", "Person 0");

  await page.locator("body").press("2"); /* CALLBK: a time is asked for */
  await page.locator("#promise:not([hidden])").waitFor();
  assert.match(await page.locator("#promise-when").innerText(), /customer's clock/);
  const day = await page.locator("#promise-at").inputValue();
  assert.match(day, /^\d{4}-\d\d-\d\dT\d\d:00$/);
  const later = new Date(Date.now() + 3 * 86400000).toISOString().slice(0, 10) + "T11:30";
  await page.locator("#promise-at").fill(later);
  await page.locator("#promise button[type=submit]").click();
  await says("#promised", "Promised");
  await says("#promised", "11:30");
  assert.equal(await page.locator("#promise").isHidden(), true);
  await says("#s-name", "Ready");

  const reasons = await page.locator("#reason option").allInnerTexts();
  assert.ok(reasons.includes("lunch") && reasons.includes("training"), "the field's reasons: " + reasons);
  await page.locator("#reason").selectOption("LUNCH");
  await page.locator("[data-want=pause]").click();
  await says("#s-name", "Paused: lunch");
  await page.reload();
  await says("#s-name", "Paused: lunch");
  await page.locator("a.lang").click();
  await says("#s-name", "En pausa: comida");
  await page.locator("[data-want=ready]").click();
  await says("#s-name", "Listo");
  assert.deepEqual(complaints, [], "the browser has nothing to complain about");
  console.log("ok: the desk in a browser");
} finally {
  await browser.close();
}
