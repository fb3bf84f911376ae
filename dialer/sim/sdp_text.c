#include "dialer/sim/sip_text.h"
#include <arpa/inet.h>
#include <cadencia/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int connection(const char *line, struct sdp_text *s) {
  if (strncmp(line, "IN IP4 ", 7) != 0) return CAD_EFORMAT;
  char host[INET_ADDRSTRLEN] = "";
  snprintf(host, sizeof host, "%.*s", (int)strcspn(line + 7, "/ "), line + 7);
  return inet_pton(AF_INET, host, &s->host) == 1 ? CAD_OK : CAD_EFORMAT;
}

static int audio(const char *line, struct sdp_text *s) {
  char *end;
  unsigned long port = strtoul(line, &end, 10);
  if (end == line || port > 65535) return CAD_EFORMAT;
  const char *p = strstr(end, "RTP/AVP");
  if (p == NULL) return CAD_EFORMAT;
  p += strcspn(p, " ");
  s->port = (uint16_t)port;
  bool chosen = false;
  while (*p == ' ') {
    unsigned long pt = strtoul(p, &end, 10);
    if (end == p) break;
    p = end;
    if (pt == 0) s->pcmu = true;
    if (pt == 8) s->pcma = true;
    if ((pt == 0 || pt == 8) && !chosen) {
      s->first = (uint8_t)pt;
      chosen = true;
    }
  }
  return CAD_OK;
}

static void attribute(const char *line, struct sdp_text *s) {
  unsigned pt;
  int used = 0;
  if (sscanf(line, "rtpmap:%3u %n", &pt, &used) == 1 && used > 0 && pt >= 96 && pt <= 127 &&
      strncasecmp(line + used, "telephone-event/8000", 20) == 0)
    s->event_pt = (int)pt;
  if (strcmp(line, "sendonly") == 0) s->receive = false;
  if (strcmp(line, "recvonly") == 0) s->send = false;
  if (strcmp(line, "inactive") == 0) s->send = s->receive = false;
}

int sdp_text_parse(struct span body, struct sdp_text *out) {
  struct sdp_text s = {.event_pt = -1, .send = true, .receive = true};
  const char *p = body.p, *end = body.p + body.n;
  bool have_host = false, in_audio = false, seen_audio = false;
  while (p < end) {
    const char *eol = memchr(p, '\n', (size_t)(end - p));
    if (eol == NULL) eol = end;
    char line[256];
    size_t n = (size_t)(eol - p);
    if (n > 0 && p[n - 1] == '\r') n--;
    if (n >= sizeof line) n = sizeof line - 1;
    memcpy(line, p, n);
    line[n] = 0;
    p = eol < end ? eol + 1 : end;
    if (n < 2 || line[1] != '=') continue;
    if (line[0] == 'm') {
      in_audio = !seen_audio && strncmp(line + 2, "audio ", 6) == 0;
      if (in_audio && audio(line + 8, &s) < 0) return CAD_EFORMAT;
      if (in_audio) seen_audio = true;
    } else if (line[0] == 'c' && (in_audio || !seen_audio)) {
      if (connection(line + 2, &s) < 0) return CAD_EFORMAT;
      have_host = true;
    } else if (line[0] == 'a' && (in_audio || !seen_audio)) {
      attribute(line + 2, &s);
    }
  }
  if (!have_host || !seen_audio) return CAD_EFORMAT;
  *out = s;
  return CAD_OK;
}

void sdp_text_write(char *out, size_t size, const char *host, uint16_t port, int codec, int event_pt, unsigned version,
                    const char *direction) {
  char events[96] = "", list[16];
  snprintf(list, sizeof list, event_pt >= 0 ? "%d %d" : "%d", codec, event_pt);
  if (event_pt >= 0) snprintf(events, sizeof events, "a=rtpmap:%d telephone-event/8000\r\na=fmtp:%d 0-15\r\n", event_pt, event_pt);
  snprintf(out, size,
           "v=0\r\no=far %u %u IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\nm=audio %u RTP/AVP %s\r\n"
           "a=rtpmap:%d %s/8000\r\n%sa=ptime:20\r\na=%s\r\n",
           (unsigned)port, version, host, host, port, list, codec, codec == 8 ? "PCMA" : "PCMU", events, direction);
}
