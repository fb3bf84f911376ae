/* crash.h — a last line when an assertion fails.
 *
 * Debian's Sofia-SIP has its assertions on. We define __assert_fail ourselves, which
 * takes the library's place: the worker writes one line and leaves at once, without
 * a core and without a chance to loop. Outside the worker it aborts as usual.
 * Source: crash.c */
#ifndef CADENCIA_SIP_CRASH_H
#define CADENCIA_SIP_CRASH_H

/* From now on a failed assertion ends this process with exit status `status`. */
void crash_arm(int status, unsigned worker);

#endif
