// The story: a supervisor asks the live page why a number is not called, in English and in Spanish, and why a campaign does not dial.
//   node ask_test.mjs URL USER PASSWORD NUMBER CAMPAIGN RULE        (exit 77: no browser or no playwright-core here)
import assert from "node:assert/strict";
import { existsSync } from "node:fs";

const BROWSER = process.env.CHROMIUM || "/usr/bin/chromium";
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const [url, user, password, number, campaign, rule] = process.argv.slice(2);
const playwright = await import("playwright-core").catch(() => null);
if (!playwright || !existsSync(BROWSER)) {
  console.log("skipped: no playwright-core or no " + BROWSER);
  process.exit(77);
}
const browser = await playwright.chromium.launch({ executablePath: BROWSER, args: FLAGS, timeout: 90000 });
try {
  const context = await browser.newContext({ locale: "en-GB", timezoneId: "Europe/Madrid", viewport: { width: 1100, height: 900 } });
  const page = await context.newPage(), complaints = [];
  page.on("console", (message) => { if (["error", "warning"].includes(message.type())) complaints.push(message.text()); });
  page.on("pageerror", (error) => complaints.push(error.message));
  page.setDefaultTimeout(60000);
  const says = (selector, part) => page.waitForFunction(([s, p]) => document.querySelector(s).innerText.includes(p), [selector, part]);
  const ask = async (what) => {
    await page.locator("#s-ask").waitFor();
    await page.waitForFunction((name) => [...document.querySelector("#ask").elements.campaign.options].some((o) => o.value === name), campaign);
    await page.locator("#ask [name=number]").fill(number);
    await page.locator("#ask [name=campaign]").selectOption(campaign);
    await page.locator(`#ask [data-ask=${what}]`).click();
  };

  await page.goto(url + "sign-in");
  await page.locator("#name").first().fill(user);
  await page.locator("input[type=password]").first().fill(password);
  await page.keyboard.press("Enter");
  await ask("contact");
  await says("#ask-says", number);
  await says("#ask-says", "a registry that must be asked is not loaded or too old (" + rule + ")");
  const row = await page.locator("#ask-rows tr", { hasText: rule }).innerText();
  assert.match(row, /registry_stale/);
  assert.match(row, /31 of 30 days old|32 of 30 days old/);
  await ask("campaign");
  await says("#ask-more", "30 are the limit");

  await page.locator("a.lang").click();
  await ask("contact");
  await says("#ask-says", "falta un registro obligatorio, o es demasiado antiguo (" + rule + ")");
  assert.deepEqual(complaints, [], "the browser has nothing to complain about");
  console.log("ok: why, in a browser");
} finally {
  await browser.close();
}
