// The story: the next contact is on the agent's screen before anybody is dialed; he skips it with a reason, and calls the one after it.
//   node preview_test.mjs URL USER PASSWORD        (exit 77: no browser or no playwright-core here)
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
  page.setDefaultTimeout(60000);
  const says = (selector, part) => page.waitForFunction(([s, p]) => document.querySelector(s).innerText.includes(p), [selector, part]);

  await page.goto(url + "sign-in");
  await page.locator("#name").first().fill(user);
  await page.locator("input[type=password]").first().fill(password);
  await page.keyboard.press("Enter");
  await page.waitForURL("**/desk*");
  await page.locator("#preview:not([hidden])").waitFor();
  await says("#p-name", "Person 0");
  assert.match(await page.locator("#p-phone").innerText(), /^\+1\d{10}$/);
  assert.equal(await page.locator("#contact").isHidden(), true, "nobody is on the line");
  assert.equal(await page.locator("#p-left").innerText(), "", "nothing is dialed by itself here");
  await page.locator("#p-skip").click(); /* no reason: nothing happens but that one is asked for */
  assert.equal(await page.evaluate(() => document.activeElement.id), "p-reason");
  await says("#p-name", "Person 0");
  await page.reload(); /* it is the box that knows, not the page */
  await says("#p-name", "Person 0");
  await page.locator("#p-reason").selectOption("spoken");
  await page.locator("#p-skip").click();
  await says("#p-name", "Person 1");
  assert.equal(await page.locator("#p-reason").inputValue(), "", "a reason is given for one contact");
  await page.locator("a.lang").click();
  await says("#p-name", "Person 1");
  assert.ok((await page.locator("#p-reason option").allInnerTexts()).includes("Otro idioma"));
  await page.locator("#p-dial").click();
  await says("#s-name", "Hablando");
  assert.equal(await page.locator("#preview").isHidden(), true);
  await says("#c-name", "Person 1");
  assert.deepEqual(complaints, [], "the browser has nothing to complain about");
  console.log("ok: preview in a browser");
} finally {
  await browser.close();
}
