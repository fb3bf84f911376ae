/* media.h — the media thread: all RTP sockets, bridges, prompts and detectors.
 *
 * Mail of kinds MEDIA_* comes in by its inbox; events go to `control`. It announces
 * bound sessions as MEDIA_CREDIT mail and tops them up as they are used. The thread
 * waits in epoll; a timerfd gives the 20 ms beat; plain two-party audio is forwarded
 * on arrival. After start it allocates nothing on the beat. Source: media_worker.c
 *
 * Credits: an announced session counts as unused until the first mail about it, and
 * media keeps `credits` unused ones announced while the arena has room. So `credits` is
 * how many legs may be ringing without early media, with a little to spare. After
 * MEDIA_RELEASE the port rests 3 s and the session returns with a new generation. */
#ifndef CADENCIA_MEDIA_H
#define CADENCIA_MEDIA_H

#include "dialer/base/mailbox.h"
#include <dsp/tone_plan.h>
#include <stddef.h>

struct media;
struct media_range {
  const char *bind_host;       /* numeric address of the listener */
  uint16_t port_min, port_max; /* even RTP ports, RTCP on the next odd one */
};
struct media_options {
  const char *bind_host; /* of the first listener */
  uint16_t port_min, port_max;
  const struct media_range *more; /* of the other listeners, in their order; each keeps as many credits */
  unsigned more_count;
  unsigned sessions_max; /* announced and in use at one time; released ones rest beside them */
  unsigned credits;      /* bound sessions kept announced */
  const char *prompt_dir;
  const struct tone_plan *plans; /* by trunk, copied; count 0: tones by family. NULL: none at all */
  unsigned plan_count;
  const char *sample_dir; /* where samples of calls go; NULL: none are kept */
};
/* CAD_OK, CAD_EINVAL, CAD_ENET, CAD_ENOMEM, CAD_EFULL (no files may be opened); err gets one readable line, after CAD_OK too when the
 * limit of open files leaves room for fewer sessions than asked for: then there are fewer. */
int media_start(const struct media_options *opt, struct mailbox *control, struct media **out, char err[160]);
struct media *media_stop(struct media *m);
struct mailbox *media_inbox(struct media *m);
/* Index for MEDIA_PLAY and MEDIA_SCREEN of a prompt file in prompt_dir (without path); loads it. Call before or after
 * start, from one thread, not the beat. < 0: CAD_ENOENT, CAD_EFORMAT, CAD_EFULL. 0 is never given. */
int media_prompt(struct media *m, const char *file);
struct media_counters {
  uint64_t rx_packets, tx_packets, forwarded, strangers, malformed, beats, beats_missed;
  uint64_t late_mail;                               /* mail about sessions that ended, or that made no sense */
  uint64_t lost_events;                             /* digits beyond all measure, or control did not read for long */
  uint32_t beat_lag_max_us, sessions_open, credits; /* sessions in use; announced and unused */
};
void media_counters(struct media *m, struct media_counters *out);
void media_beat_lags(const struct media *m, struct histogram_view *out); /* microseconds; any thread */

#endif
