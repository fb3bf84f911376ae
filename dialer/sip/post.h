/* post.h — mail from the worker to control, never blocking and never losing an end.
 *
 * Mail is gathered and goes out with post_flush, many in one system call. What the pipe
 * does not take waits in a bounded backlog. At POST_PRESSED waiting mails the worker stops reading new work;
 * at POST_OWED it stops queueing what can be told later from the leg itself
 * (progress, new media). What may still come then is at most an answer and an end of
 * each living leg, and for these the backlog has room. Owner: the SIP worker. Source: post.c */
#ifndef CADENCIA_SIP_POST_H
#define CADENCIA_SIP_POST_H

#include "dialer/base/mail.h"

enum { POST_PRESSED = 256, POST_OWED = 1024 };

struct post_item {
  uint16_t kind;
  struct mono at;
  union {
    struct mail_sip_event event;
    struct mail_sip_up up;
    struct mail_sip_trunk_state trunk;
    struct mail_sip_incoming incoming;
  } u;
};

struct post {
  int fd;
  bool gone;       /* control closed the pipe: mail is thrown away */
  uint32_t worker; /* generation, in every mail */
  struct post_item *ring;
  uint32_t capacity, head, count, high_water;
  uint64_t sent, dropped;
};

int post_init(struct post *post, int fd, uint32_t worker, uint32_t legs_max); /* CAD_OK, CAD_ENOMEM */
void post_free(struct post *post);
/* item: kind and its member of u. */
void post_send(struct post *post, const struct post_item *item);
/* Send what waits, as far as the pipe takes it. */
void post_flush(struct post *post);
static inline bool post_pressed(const struct post *post) { return post->count >= POST_PRESSED; }
static inline bool post_owed(const struct post *post) { return post->count >= POST_OWED; }

#endif
