#!/usr/bin/env node
// Makes etc/numbering/postcode_zones.csv and state_zones.csv: where an address may be, as time zones and regions.
//
// usage: npm install zipcode-to-timezone@0.0.9 tz-lookup@6.1.25 zipcodes@8.0.0
//        node tools/numbering/make_places.mjs etc/numbering        (needs the Debian packages iso-codes and tzdata)
//
// A ZIP of the United States gets the zone of zipcode-to-timezone (MIT) and the zone of its place on the map (zipcodes, BSD;
// tz-lookup, CC0), and of what lies 13 km around it: where they differ, all hold
// (Kentucky and Indiana by the map alone). An unlisted ZIP gets what its first three digits may be. States, provinces and
// their names are those of ISO 3166-2 (iso-codes, LGPL 2.1), their zones those of tzdata's zone.tab (public domain). First
// digits and letters of other countries' postcodes are facts of their posts (Canada Post, Australia Post, Correos of Spain, Mexico and
// Brazil, Royal Mail, La Poste).
import { createRequire } from "node:module";
import { readFileSync, writeFileSync } from "node:fs";

const require = createRequire(process.cwd() + "/");
const zipZone = require("zipcode-to-timezone"), pointZone = require("tz-lookup"), { codes } = require("zipcodes/lib/codes.js");
const version = name => `${name} ${require(name + "/package.json").version}`;
const [folder] = process.argv.slice(2);
if (!folder) throw new Error("usage: make_places.mjs FOLDER");
const iso = JSON.parse(readFileSync("/usr/share/iso-codes/json/iso_3166-2.json", "utf8"))["3166-2"];
const ofCountry = {};
for (const line of readFileSync("/usr/share/zoneinfo/zone.tab", "utf8").split("\n"))
  if (line && line[0] !== "#") (ofCountry[line.split("\t")[0]] ??= []).push(line.split("\t")[2]);

// Which of the large zones a state has, by 49 CFR part 71 (Arizona: the Navajo Nation keeps daylight saving time).
const STATE = {};
for (const [letters, list] of Object.entries({ E: "CT DC DE GA MA MD ME NC NH NJ NY OH PA RI SC VA VT WV", C: "AL AR IA IL LA MN MO MS OK WI", M: "CO MT NM UT WY", P: "CA WA",
  EC: "FL IN KY MI TN", CM: "KS ND NE SD TX", MP: "ID NV OR", Z: "AZ", A: "AK", H: "HI" }))
  for (const s of list.split(" ")) STATE[s] = [...letters].flatMap(l => ({ E: "America/New_York", C: "America/Chicago", M: "America/Denver", P: "America/Los_Angeles",
    Z: ["America/Phoenix", "America/Denver"], A: ["America/Anchorage", "America/Adak"], H: "Pacific/Honolulu" })[l]);
const RENAMED = { "America/Shiprock": "America/Denver" };
const known = (country, zone) => (ofCountry[country].includes(RENAMED[zone] ?? zone) ? (RENAMED[zone] ?? zone) : null);
// Zones of the United States with the same clock as a larger one, all of 2024 to 2036: written as that one, so that few sets are many people's.
const LARGE = ["America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles", "America/Anchorage"];
const clocks = {};
const clock = zone => (clocks[zone] ??= Array.from({ length: 12 * 365 * 4 }, (_, i) => i).filter(i => i % 7 === 0)
  .map(i => new Date(Date.UTC(2024, 0, 1) + i * 21600000).toLocaleString("en-US", { timeZone: zone, hour: "2-digit", hour12: false })).join());
const larger = zone => LARGE.find(l => l === zone || clock(l) === clock(zone)) ?? zone;
const postcodes = [], states = [];
const value = (zones, regions) => [...[...zones].sort(), ...[...regions].sort().map(r => "@" + r)].join("&");

// ---- United States: ZIP by ZIP, then three digits for those that are not listed ----
const MILITARY = new Set(["AA", "AE", "AP"]); // anywhere in the world
const TERRITORY = { PR: "America/Puerto_Rico", VI: "America/St_Thomas", GU: "Pacific/Guam", MP: "Pacific/Saipan", AS: "Pacific/Pago_Pago",
                    FM: null, MH: null, PW: null };
const NAVAJO = /^86(0[2345]|5|03)/; // keeps daylight saving time within Arizona; which ZIP is whose is not told
const AROUND = [[0, 0], [0.12, 0], [-0.12, 0], [0, 0.16], [0, -0.16]]; // degrees: a ZIP has some extent, and the map is coarse
const LIST_WRONG = new Set(["KY", "IN"]); // the list of ZIPs has Paducah and Evansville an hour ahead; the map has them right
const exact = new Map(), threes = new Map();
for (const zip of new Set([...Object.keys(codes), ...Object.keys(require("zipcode-to-timezone/zipcodes.json"))])) {
  const row = codes[zip] ?? {}, zones = new Set(), state = row.state;
  if (MILITARY.has(state) || TERRITORY[state] === null) continue;
  if (TERRITORY[state]) zones.add(TERRITORY[state]);
  else {
    if (zipZone.lookup(zip) && !LIST_WRONG.has(state)) zones.add(larger(known("US", zipZone.lookup(zip))));
    for (const [north, east] of Number.isFinite(row.latitude) ? AROUND : []) {
      const point = known("US", pointZone(row.latitude + north, row.longitude + east));
      if (point) zones.add(larger(point));
    }
    if (state === "AZ" && NAVAJO.test(zip)) zones.add("America/Denver").add("America/Phoenix");
  }
  for (const zone of zones) if (STATE[state] && !STATE[state].includes(zone)) zones.delete(zone); // the map is coarse
  zones.delete(null);
  if (!TERRITORY[state] && !(zipZone.lookup(zip) && Number.isFinite(row.latitude))) zones.clear(); // one source alone is not enough
  const place = { zones, regions: new Set(state ? [`US-${state}`] : []) };
  exact.set(zip, place);
  const three = threes.get(zip.slice(0, 3)) ?? { zones: new Set(), regions: new Set() };
  place.zones.forEach(z => three.zones.add(z));
  place.regions.forEach(r => three.regions.add(r));
  threes.set(zip.slice(0, 3), three);
}
const ADAK = { 99546: 1, 99547: 1 }; // tzdata: the Aleutians west of 169.5 degrees
for (const [three, all] of [...threes].sort()) {
  if (all.zones.size === 0) continue;
  postcodes.push(`US P ${three},${value(all.zones, all.regions)}`);
  for (const [zip, one] of [...exact].filter(([zip]) => zip.startsWith(three)).sort()) {
    const text = ADAK[zip] ? value(["America/Adak"], one.regions) : value(one.zones.size ? one.zones : all.zones, one.regions.size ? one.regions : all.regions);
    if (text !== value(all.zones, all.regions)) postcodes.push(`US P ${zip},${text}`);
  }
}
// Most ZIPs of a group say the same; four digits tell what all their ZIPs agree on.
{
  const kept = [];
  const by = {};
  for (const line of postcodes) (by[line.slice(5, 8)] ??= []).push(line);
  for (const three of Object.keys(by).sort()) {
    const [head, ...rest] = by[three], fours = {};
    kept.push(head);
    for (const line of rest) (fours[line.slice(5, 9)] ??= []).push(line);
    for (const four of Object.keys(fours).sort()) {
      const all = [...exact.keys()].filter(z => z.startsWith(four)).length, texts = new Set(fours[four].map(l => l.slice(11)));
      if (texts.size === 1 && fours[four].length === all && all > 1) kept.push(`US P ${four},${[...texts][0]}`);
      else kept.push(...fours[four]);
    }
  }
  postcodes.length = 0;
  postcodes.push(...kept);
}

// ---- states and provinces: zones as zone.tab tells them ----
const ONE = { CO: "America/Bogota", PE: "America/Lima", GB: "Europe/London", DE: "Europe/Berlin" };
const Z = (text, area = "America/") => text.split(" ").map(z => (z.includes("/") && !z.startsWith("Indiana/") && !z.startsWith("Kentucky/") && !z.startsWith("North_Dakota/") && !z.startsWith("Argentina/") ? z : area + z));
const SEVERAL = {
  US: { AS: ["Pacific/Pago_Pago"], GU: ["Pacific/Guam"], MP: ["Pacific/Saipan"], PR: Z("Puerto_Rico"), VI: Z("St_Thomas"), UM: ["Pacific/Midway", "Pacific/Wake"] },
  CA: { AB: Z("Edmonton"), BC: Z("Vancouver Creston Dawson_Creek Fort_Nelson Edmonton"), MB: Z("Winnipeg"), NB: Z("Moncton"), NL: Z("St_Johns Goose_Bay"),
        NS: Z("Halifax Glace_Bay"), NT: Z("Inuvik Edmonton"), NU: Z("Iqaluit Rankin_Inlet Resolute Cambridge_Bay Atikokan"), ON: Z("Toronto Winnipeg Atikokan"),
        PE: Z("Halifax"), QC: Z("Toronto Blanc-Sablon Halifax"), SK: Z("Regina Swift_Current Edmonton"), YT: Z("Whitehorse Dawson") },
  MX: { else: Z("Mexico_City"), ROO: Z("Cancun"), CAM: Z("Merida"), YUC: Z("Merida"), DUR: Z("Monterrey"), COA: Z("Monterrey Matamoros"), NLE: Z("Monterrey Matamoros"),
        TAM: Z("Monterrey Matamoros"), CHH: Z("Chihuahua Ciudad_Juarez Ojinaga"), BCS: Z("Mazatlan"), NAY: Z("Mazatlan Bahia_Banderas"), SIN: Z("Mazatlan"), SON: Z("Hermosillo"), BCN: Z("Tijuana") },
  BR: { else: Z("Sao_Paulo"), PA: Z("Belem Santarem"), AP: Z("Belem"), MA: Z("Fortaleza"), PI: Z("Fortaleza"), CE: Z("Fortaleza"), RN: Z("Fortaleza"), PB: Z("Fortaleza"), PE: Z("Recife Noronha"),
        TO: Z("Araguaina"), AL: Z("Maceio"), SE: Z("Maceio"), BA: Z("Bahia"), MS: Z("Campo_Grande"), MT: Z("Cuiaba"), RO: Z("Porto_Velho"), RR: Z("Boa_Vista"), AM: Z("Manaus Eirunepe"), AC: Z("Rio_Branco") },
  AU: { NSW: Z("Sydney Broken_Hill Lord_Howe", "Australia/"), ACT: Z("Sydney", "Australia/"), VIC: Z("Melbourne", "Australia/"), QLD: Z("Brisbane Lindeman", "Australia/"),
        SA: Z("Adelaide", "Australia/"), NT: Z("Darwin", "Australia/"), WA: Z("Perth Eucla", "Australia/"), TAS: ["Australia/Hobart", "Antarctica/Macquarie"] },
  CL: { else: Z("Santiago"), AI: Z("Santiago Punta_Arenas"), MA: Z("Punta_Arenas"), VS: ["America/Santiago", "Pacific/Easter"] },
  AR: { else: Z("Argentina/Buenos_Aires") },
  ES: { else: ["Europe/Madrid"], CN: ["Atlantic/Canary"], GC: ["Atlantic/Canary"], TF: ["Atlantic/Canary"], CE: ["Africa/Ceuta"], ML: ["Africa/Ceuta"] },
  FR: { else: ["Europe/Paris"], "971": Z("Guadeloupe"), GP: Z("Guadeloupe"), "972": Z("Martinique"), MQ: Z("Martinique"), "973": Z("Cayenne"), GF: Z("Cayenne"), "974": ["Indian/Reunion"],
        RE: ["Indian/Reunion"], "976": ["Indian/Mayotte"], YT: ["Indian/Mayotte"], PM: Z("Miquelon"), NC: ["Pacific/Noumea"], PF: ["Pacific/Tahiti", "Pacific/Marquesas", "Pacific/Gambier"],
        WF: ["Pacific/Wallis"], BL: Z("St_Barthelemy"), MF: Z("Marigot"), TF: ["Indian/Kerguelen"], CP: ["Pacific/Gambier"] },
};
const ALIASES = { "MX-CMX": ["CDMX", "DF", "DISTRITO FEDERAL", "MEXICO DF", "MEXICO D F"], "MX-MEX": ["EDOMEX", "ESTADO DE MEXICO", "EDO MEX"], "MX-COA": ["COAHUILA"], "MX-MIC": ["MICHOACAN"], "MX-VER": ["VERACRUZ"],
  "MX-NLE": ["NL"], "MX-BCN": ["BC", "BAJA CALIFORNIA NORTE"], "MX-BCS": ["BCS"], "ES-A": ["ALICANTE"], "ES-CS": ["CASTELLON"], "ES-V": ["VALENCIA"], "ES-BI": ["VIZCAYA"], "ES-SS": ["GUIPUZCOA"],
  "ES-VI": ["ALAVA"], "ES-C": ["LA CORUNA", "A CORUNA", "CORUNA"], "ES-OR": ["ORENSE"], "ES-L": ["LERIDA"], "ES-GI": ["GERONA"], "ES-PM": ["BALEARES", "ISLAS BALEARES", "MALLORCA"], "ES-MD": ["MADRID"],
  "ES-AS": ["ASTURIAS"], "ES-NC": ["NAVARRA"], "ES-MC": ["MURCIA"], "ES-CB": ["CANTABRIA"], "ES-RI": ["LA RIOJA"], "ES-PV": ["PAIS VASCO", "EUSKADI"], "ES-CT": ["CATALUNA"], "ES-IB": ["ILLES BALEARS"],
  "ES-TF": ["TENERIFE"], "ES-GC": ["GRAN CANARIA"], "ES-CN": ["CANARIAS", "ISLAS CANARIAS"], "CA-QC": ["QUEBEC"], "CA-NL": ["NEWFOUNDLAND", "LABRADOR"], "CL-RM": ["RM", "METROPOLITANA", "SANTIAGO"],
  "AR-C": ["CABA", "CAPITAL FEDERAL", "CIUDAD DE BUENOS AIRES"], "US-DC": ["WASHINGTON DC", "WASHINGTON D C"], "GB-ENG": ["ENGLAND"], "GB-SCT": ["SCOTLAND"], "GB-WLS": ["WALES"], "GB-NIR": ["NORTHERN IRELAND"] };
const fold = text => text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toUpperCase().replace(/[^A-Z0-9]+/g, " ").trim();
const seen = new Set();
for (const country of ["US", "CA", "MX", "BR", "AU", "CL", "AR", "ES", "FR", "GB", "DE", "CO", "PE"]) {
  for (const s of iso.filter(s => s.code.startsWith(country + "-")).sort((a, b) => (a.code < b.code ? -1 : 1))) {
    const part = s.code.slice(3), rows = SEVERAL[country];
    const parent = s.parent ? s.parent.replace(/^..-/, "") : null; // a province lies in its autonomous community
    let zones = ONE[country] ? [ONE[country]] : rows[part] ?? (parent && rows[parent]) ?? (country === "US" ? STATE[part] : rows.else);
    if (!zones || zones.length === 0) continue;
    const region = country === "ES" && parent ? `ES-${parent}` : country === "GB" || country === "FR" ? (parent ? `${country}-${parent}` : s.code) : s.code;
    if (!/^[A-Z]{2}-[A-Z0-9]{1,3}$/.test(region)) continue;
    const [name, before] = s.name.replace(/\*/g, "").replace(/\s*\[.*\]/, "").split(", ");
    const names = new Set([part, fold(name), ...(before ? [fold(`${before} ${name}`)] : []), ...(ALIASES[s.code] ?? [])]);
    if (country === "US" && part === "DC") names.add("D C");
    for (const n of names) {
      const key = `${country} S ${n}`;
      if (!n || key.length > 60 || seen.has(key) || (n === part && /^\d+$/.test(n))) continue;
      seen.add(key);
      states.push(`${key},${value(zones, [region])}`);
    }
  }
}

// ---- other countries' postcodes by their first letters and digits ----
// '~': as wide as a state. The number then tells which of the zones it is.
const post = (country, prefixes, zones, regions) => prefixes.split(" ").forEach(p => postcodes.push(`${country} P ${p},${zones.length > 1 ? "~" : ""}${value(zones, regions)}`));
const range = (from, to, width = 2) => Array.from({ length: to - from + 1 }, (_, i) => String(from + i).padStart(width, "0")).join(" ");
const CA = SEVERAL.CA;
for (const [letters, part] of [["A", "NL"], ["B", "NS"], ["C", "PE"], ["E", "NB"], ["H J", "QC"], ["K L M N", "ON"], ["R", "MB"], ["S", "SK"], ["T", "AB"], ["Y", "YT"]])
  post("CA", letters, part === "NL" ? Z("St_Johns") : part === "ON" || part === "QC" ? Z("Toronto") : CA[part], [`CA-${part}`]);
post("CA", "A0K A0P A0R A2V", CA.NL, ["CA-NL"]);
post("CA", "G", Z("Toronto"), ["CA-QC"]);
post("CA", "G0G G4T", CA.QC, ["CA-QC"]); // Lower North Shore, Magdalen Islands
post("CA", "P", CA.ON, ["CA-ON"]);
post("CA", "V", Z("Vancouver"), ["CA-BC"]);
post("CA", "V0A V0B V0C V0J V1A V1C V1G V1J V1K V1X", CA.BC, ["CA-BC"]);
post("CA", "X0A X0B X0C", CA.NU, ["CA-NU"]);
post("CA", "X0E X0G X1A", CA.NT, ["CA-NT"]);
const ES = "PV CM VC AN CL EX IB CT CL EX AN VC CM AN GA CM CT AN CM PV AN AR AN CL CT RI GA MD AN MC NC GA AS CL CN GA CL CN CB CL AN CL CT AR CM VC CL PV CL AR CE ML".split(" ");
ES.forEach((part, i) => post("ES", String(i + 1).padStart(2, "0"), SEVERAL.ES[part] ?? SEVERAL.ES.else, [`ES-${part}`]));
for (const [from, to, part] of [[1, 16, "CMX"], [20, 20, "AGU"], [21, 22, "BCN"], [23, 23, "BCS"], [24, 24, "CAM"], [25, 27, "COA"], [28, 28, "COL"], [29, 30, "CHP"], [31, 33, "CHH"], [34, 35, "DUR"],
  [36, 38, "GUA"], [39, 41, "GRO"], [42, 43, "HID"], [44, 49, "JAL"], [50, 57, "MEX"], [58, 61, "MIC"], [62, 62, "MOR"], [63, 63, "NAY"], [64, 67, "NLE"], [68, 71, "OAX"], [72, 75, "PUE"], [76, 76, "QUE"],
  [77, 77, "ROO"], [78, 79, "SLP"], [80, 82, "SIN"], [83, 85, "SON"], [86, 86, "TAB"], [87, 89, "TAM"], [90, 90, "TLA"], [91, 96, "VER"], [97, 97, "YUC"], [98, 99, "ZAC"]])
  post("MX", range(from, to), SEVERAL.MX[part] ?? SEVERAL.MX.else, [`MX-${part}`]);
for (const [prefixes, part] of [[range(1, 19), "SP"], [range(20, 28), "RJ"], ["29", "ES"], [range(30, 39), "MG"], [range(40, 48), "BA"], ["49", "SE"], [range(50, 56), "PE"], ["57", "AL"], ["58", "PB"], ["59", "RN"],
  [range(60, 63), "CE"], ["64", "PI"], ["65", "MA"], ["66 67 680 681 682 683 684 685 686 687 688", "PA"], ["689", "AP"], ["690 691 692 694 695 696 697 698", "AM"], ["693", "RR"], ["699", "AC"],
  ["70 71 720 721 722 723 724 725 726 727 730 731 732 733 734 735 736", "DF"], ["728 729 737 738 739 74 75 760 761 762 763 764 765 766 767", "GO"], ["768 769", "RO"], ["77", "TO"], ["78", "MT"], ["79", "MS"],
  [range(80, 87), "PR"], ["88 89", "SC"], [range(90, 99), "RS"]])
  post("BR", prefixes, part === "PE" ? Z("Recife") : SEVERAL.BR[part] ?? SEVERAL.BR.else, [`BR-${part}`]);
post("BR", "53990", Z("Noronha"), ["BR-PE"]);
const AU = SEVERAL.AU;
post("AU", "08 09", AU.NT, ["AU-NT"]);
post("AU", "02", AU.ACT, ["AU-ACT"]);
post("AU", "1 2", Z("Sydney", "Australia/"), ["AU-NSW"]);
post("AU", "2880", Z("Broken_Hill", "Australia/"), ["AU-NSW"]);
post("AU", "2898", Z("Lord_Howe", "Australia/"), ["AU-NSW"]);
post("AU", "260 261 2900 2901 2902 2903 2904 2905 2906 2911 2912 2913 2914", AU.ACT, ["AU-ACT", "AU-NSW"]);
post("AU", "3 8", AU.VIC, ["AU-VIC"]);
post("AU", "4 9", AU.QLD, ["AU-QLD"]);
post("AU", "5", AU.SA, ["AU-SA"]);
post("AU", "6", Z("Perth", "Australia/"), ["AU-WA"]);
post("AU", "6443", AU.WA, ["AU-WA"]);
post("AU", "6798", ["Indian/Christmas"], ["AU-WA"]);
post("AU", "6799", ["Indian/Cocos"], ["AU-WA"]);
post("AU", "7", Z("Hobart", "Australia/"), ["AU-TAS"]);
const GB = { SCT: "AB DD DG EH FK G HS IV KA KW KY ML PA PH TD ZE", WLS: "CF LL SA", NIR: "BT", "ENG&WLS": "CH HR LD NP SY",
  ENG: "AL B BA BB BD BH BL BN BR BS CA CB CM CO CR CT CV CW DA DE DH DL DN DT DY E EC EN EX FY GL GU HA HD HG HP HU HX IG IP KT L LA LE LN LS LU M ME MK N NE NG NN NR NW OL OX PE PL PO PR RG RH RM S SE SG SK SL SM SN SO SP SR SS ST SW TA TF TN TQ TR TS TW UB W WA WC WD WF WN WR WS WV YO" };
for (const [parts, areas] of Object.entries(GB)) post("GB", areas, ["Europe/London"], parts.split("&").map(p => `GB-${p}`));
post("GB", "TD", ["Europe/London"], ["GB-SCT", "GB-ENG"]);
post("GB", "GY", ["Europe/Guernsey"], []);
post("GB", "JE", ["Europe/Jersey"], []);
post("GB", "IM", ["Europe/Isle_of_Man"], []);
for (const [p, zone] of [["971", "America/Guadeloupe"], ["972", "America/Martinique"], ["973", "America/Cayenne"], ["974", "Indian/Reunion"], ["975", "America/Miquelon"], ["976", "Indian/Mayotte"],
  ["986", "Pacific/Wallis"], ["988", "Pacific/Noumea"]])
  post("FR", p, [zone], []);
post("FR", "987", SEVERAL.FR.PF, []);
post("FR", "0 1 2 3 4 5 6 7 8 90 91 92 93 94 95", ["Europe/Paris"], []);
post("DE", "0 1 2 3 4 5 6 7 8 9", ["Europe/Berlin"], []);
post("CO", "0 1 2 3 4 5 6 7 8 9", ["America/Bogota"], []);
post("PE", "0 1 2", ["America/Lima"], []);
post("CL", "1 2 3 4 5 7 8 9 61", Z("Santiago"), []);
post("CL", "60", Z("Santiago Punta_Arenas"), ["CL-AI"]);
post("CL", "62", Z("Punta_Arenas"), ["CL-MA"]);
post("CL", "2770", ["Pacific/Easter"], ["CL-VS"]);
post("AR", "1 2 3 4 5 6 7 8 9 A B C D E F G H J K L M N P Q R S T U V W X Y Z", Z("Argentina/Buenos_Aires"), []);

const HEAD = what => `# ${what}: every time zone where such an address may be, then its state or province as "@US-CA".
# A postcode's value that begins with "~" is as wide as a state: what it has in common with the number holds.
# Made by tools/numbering/make_places.mjs from the npm packages ${version("zipcode-to-timezone")} (MIT), ${version("tz-lookup")} (CC0-1.0),
# ${version("zipcodes")} (BSD), ISO 3166-2 of Debian's iso-codes (LGPL-2.1+), zone.tab of tzdata (public domain) and the posts' own numbering.
`;
const last = new Map(); // a later line of the same prefix replaces the earlier
for (const line of postcodes) last.set(line.split(",")[0], line);
writeFileSync(`${folder}/postcode_zones.csv`, HEAD("Postcode by its beginning") + [...last.values()].sort().join("\n") + "\n");
writeFileSync(`${folder}/state_zones.csv`, HEAD("State or province by code or name") + states.sort().join("\n") + "\n");
