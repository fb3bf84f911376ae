/* phone_ha1.h — what is kept of a phone's password. The module with OpenSSL in it is loaded for the first one and stays to the end.
 * Thread: any. Source: phone_ha1.c */
#ifndef CADENCIA_LOCAL_PHONE_HA1_H
#define CADENCIA_LOCAL_PHONE_HA1_H

#include "dialer/base/digest.h"

/* CAD_OK; CAD_EIO: the module is not there, why says so. */
int phone_ha1(const char *user, const char *realm, const char *password, char md5[DIGEST_HEX], char sha256[DIGEST_HEX], const char **why);

#endif
