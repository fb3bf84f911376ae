#include "dialer/local/why.h"
#include <stdlib.h>
#include <string.h>

enum { DAY_MS = 86400000, MINUTE_MS = 60000 };

static const struct {
  const char *en, *es;
} WORDS[REFUSAL_COUNT] = {
    [REFUSAL_NONE] = {"may be called", "se puede llamar"},
    [REFUSAL_DNC] = {"on a do-not-call list", "en una lista de exclusión propia"},
    [REFUSAL_ATTEMPT_CAP] = {"called often enough for now", "ya se llamó el máximo de veces por ahora"},
    [REFUSAL_HOURS] = {"outside permitted hours where the number may be", "fuera del horario permitido donde puede estar el número"},
    [REFUSAL_ZONE_UNKNOWN] = {"the time zone is not known", "no se conoce la zona horaria"},
    [REFUSAL_LEASE_GONE] = {"not reserved for a call", "no está reservado para una llamada"},
    [REFUSAL_CAMPAIGN] = {"the campaign is not running", "la campaña no está en marcha"},
    [REFUSAL_CLOCK] = {"the clock cannot be trusted", "el reloj no es fiable"},
    [REFUSAL_STORE] = {"the disk takes nothing", "el disco no admite escritura"},
    [REFUSAL_NUMBER] = {"not a number that can be dialed", "no es un número que se pueda marcar"},
    [REFUSAL_COUNTRY] = {"in a country that the campaign does not declare, or nobody knows where",
                         "en un país que la campaña no declara, o desconocido"},
    [REFUSAL_CALLER_ID] = {"the calling number may not be shown for this call",
                           "el número que se muestra no está permitido para esta llamada"},
    [REFUSAL_REGISTRY] = {"on a public exclusion registry", "en un registro público de exclusión"},
    [REFUSAL_REGISTRY_STALE] = {"a registry that must be asked is not loaded or too old",
                                "falta un registro obligatorio, o es demasiado antiguo"},
    [REFUSAL_CONSENT] = {"no valid consent or other basis", "sin consentimiento válido ni otra base"},
    [REFUSAL_COOL_DOWN] = {"too soon after the last contact", "demasiado pronto tras el último contacto"},
    [REFUSAL_HOLIDAY] = {"a holiday where the number may be", "día festivo donde puede estar el número"},
    [REFUSAL_BAN] = {"calls are banned on this day", "las llamadas están prohibidas este día"},
    [REFUSAL_ON_THE_LINE] = {"a call with this person is going on", "hay una llamada en curso con esta persona"}};

const char *why_refusal(enum refusal r, bool es) {
  if (r < 0 || r >= REFUSAL_COUNT || !WORDS[r].en) return "?";
  return es ? WORDS[r].es : WORDS[r].en;
}

int why_at(struct command_call *c, struct wall *out) {
  const char *text = call_option(c, OPT_AT);
  char date[11];
  int64_t day, ms;
  unsigned hour, minute, off_hour = 0, off_minute = 0;
  char sign = 0, colon = 0;
  *out = WALL_NONE;
  if (!text) return EXIT_GOOD;
  size_t n = strlen(text);
  if (n < 16 || n > 22 || text[10] != 'T') goto wrong;
  memcpy(date, text, 10), date[10] = '\0';
  if (!calendar_date(date, &day) || sscanf(text + 11, "%2u:%2u", &hour, &minute) != 2 || hour > 23 || minute > 59) goto wrong;
  ms = day * DAY_MS + (int64_t)(hour * 60 + minute) * MINUTE_MS;
  if (n > 16 && strcmp(text + 16, "Z") != 0) {
    if (n != 22 || sscanf(text + 16, "%c%2u%c%2u", &sign, &off_hour, &colon, &off_minute) != 4 || (sign != '+' && sign != '-') ||
        colon != ':' || off_hour > 14 || off_minute > 59)
      goto wrong;
    ms -= (sign == '+' ? 1 : -1) * (int64_t)(off_hour * 60 + off_minute) * MINUTE_MS;
  }
  *out = (struct wall){ms};
  return EXIT_GOOD;
wrong:
  return call_refuse(c, "--at \"%.30s\" is no time; write 2026-12-01T18:30 (UTC) or 2026-12-01T18:30+01:00", text);
}

void why_time(const struct law *law, const struct law_place *place, struct wall t, char *out, size_t size) {
  char date[16];
  if (t.ms == 0) {
    snprintf(out, size, "-");
    return;
  }
  bool zoned = place && place->zone_count > 0;
  int64_t local = t.ms + (zoned ? (int64_t)zones_offset_s(law->zones, place->zones[0], t) * 1000 : 0);
  int64_t day = local / DAY_MS, minute = local % DAY_MS / MINUTE_MS;
  calendar_date_text(day, date);
  snprintf(out, size, "%s %02d:%02d %s", date, (int)(minute / 60) % 24, (int)(minute % 60),
           zoned ? zones_name(law->zones, place->zones[0]) : "UTC");
}
