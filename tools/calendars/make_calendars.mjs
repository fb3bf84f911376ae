#!/usr/bin/env node
// Makes etc/calendars/COUNTRY.csv (national holidays) and COUNTRY-regions.csv (holidays of states and regions alone)
// from the npm package date-holidays.
//
// usage: npm install date-holidays@3.37.0
//        node tools/calendars/make_calendars.mjs etc/calendars
//
// Only days that the package calls public holidays are taken, with the day on which a holiday is observed when it falls
// on a weekend. Regional files are not loaded by themselves: a site loads those of the regions it calls.
import { createRequire } from "node:module";
import { writeFileSync } from "node:fs";

const require = createRequire(process.cwd() + "/");
const Holidays = require("date-holidays");
const version = require("date-holidays/package.json");
const COUNTRIES = ["US", "GB", "ES", "MX", "CO", "AR", "CL", "PE", "BR", "CA", "AU", "FR", "DE"];
const REGIONAL = ["US", "GB", "ES", "CA", "AU", "MX", "BR", "AR", "DE", "FR"];
const FROM = 2024, TO = 2035;
const [folder] = process.argv.slice(2);
if (!folder) throw new Error("usage: make_calendars.mjs FOLDER");

function days(country, region) {
  const calendar = region ? new Holidays(country, region) : new Holidays(country);
  const found = new Map();
  for (let year = FROM; year <= TO; year++)
    for (const day of calendar.getHolidays(year) || []) {
      if (day.type !== "public") continue;
      // A holiday may last several days; the package gives its end as an instant in local time.
      const from = day.date.slice(0, 10), length = Math.max(1, Math.round((day.end - day.start) / 86400000));
      for (let i = 0; i < length; i++) {
        const date = new Date(Date.parse(from + "T00:00:00Z") + i * 86400000).toISOString().slice(0, 10);
        if (!found.has(date)) found.set(date, day.name.replace(/[,\n]/g, " ").slice(0, 40));
      }
    }
  return found;
}

const head = (what) =>
  `# ${what}, ${FROM} to ${TO}.\n# Made by tools/calendars/make_calendars.mjs from the npm package date-holidays ${version.version} (code ISC, data CC BY 3.0,\n` +
  "# https://github.com/commenthol/date-holidays). DATE,REGION,holiday|ban,NAME; \"covers\" says for which days the list is whole.\n";

for (const country of COUNTRIES) {
  const national = days(country);
  const rows = [...national].sort().map(([date, name]) => `${date},${country},holiday,${name}`);
  writeFileSync(`${folder}/${country}.csv`, head(`National holidays of ${country}`) + `covers,${country},${FROM}-01-01,${TO}-12-31\n` + rows.join("\n") + "\n");
  if (!REGIONAL.includes(country)) continue;
  const states = Object.keys(new Holidays().getStates(country) || {}).filter((s) => /^[A-Z0-9]{1,3}$/.test(s));
  const own = [];
  for (const state of states)
    for (const [date, name] of days(country, state)) if (!national.has(date)) own.push(`${date},${country}-${state},holiday,${name}`);
  if (own.length) writeFileSync(`${folder}/${country}-regions.csv`, head(`Holidays of regions of ${country} that are not national`) + own.sort().join("\n") + "\n");
}
