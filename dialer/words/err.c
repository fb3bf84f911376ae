#include <cadencia/err.h>

const char *err_name(int err) {
  switch (err) {
  case CAD_EINVAL: return "invalid";
  case CAD_ENOMEM: return "no memory";
  case CAD_EFULL: return "full";
  case CAD_EMPTY: return "empty";
  case CAD_ENOENT: return "not found";
  case CAD_EEXIST: return "exists";
  case CAD_EIO: return "input/output";
  case CAD_ENET: return "network";
  case CAD_EFORMAT: return "malformed";
  case CAD_ESTALE: return "stale";
  case CAD_EREFUSED: return "refused";
  case CAD_ETIMEOUT: return "timeout";
  case CAD_EBUSY: return "busy";
  case CAD_EVERSION: return "wrong version";
  case CAD_ENOSUP: return "not supported";
  default: return err >= 0 ? "ok" : "unknown error";
  }
}
