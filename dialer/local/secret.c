#include "dialer/local/secret.h"
#include <cadencia/err.h>
#include <fcntl.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

/* One line, without its end. */
static int read_line(int fd, char out[SECRET_MAX + 1]) {
  size_t n = 0;
  char c;
  while (read(fd, &c, 1) == 1 && c != '\n') {
    if (n == SECRET_MAX) return CAD_EFORMAT;
    out[n++] = c;
  }
  if (n > 0 && out[n - 1] == '\r') n--;
  out[n] = 0;
  return CAD_OK;
}

static int ask(int tty, const char *prompt, char out[SECRET_MAX + 1]) {
  struct termios kept, quiet;
  if (tcgetattr(tty, &kept) != 0) return CAD_EINVAL;
  quiet = kept;
  quiet.c_lflag &= ~(tcflag_t)ECHO;
  tcsetattr(tty, TCSAFLUSH, &quiet);
  (void)!write(tty, prompt, strlen(prompt));
  int r = read_line(tty, out);
  (void)!write(tty, "\n", 1);
  tcsetattr(tty, TCSAFLUSH, &kept);
  return r;
}

int secret_read(bool from_stdin, bool twice, char out[SECRET_MAX + 1], FILE *err) {
  char again[SECRET_MAX + 1] = "";
  int tty = from_stdin ? -1 : open("/dev/tty", O_RDWR | O_CLOEXEC);
  if (!from_stdin && tty < 0) {
    fputs("there is no terminal to ask for the password; give it on standard input with --password -\n", err);
    return CAD_EINVAL;
  }
  int r = from_stdin ? read_line(STDIN_FILENO, out) : ask(tty, "Password: ", out);
  if (r == CAD_OK && !from_stdin && twice) r = ask(tty, "Once more: ", again);
  if (tty >= 0) close(tty);
  if (r == CAD_EFORMAT) fprintf(err, "a password has at most %d bytes\n", SECRET_MAX);
  if (r != CAD_OK) return r;
  if (!from_stdin && twice && strcmp(out, again) != 0) {
    fputs("the two are not the same; nothing was changed\n", err);
    return CAD_EINVAL;
  }
  if (twice && strlen(out) < PASSWORD_MIN) {
    fprintf(err, "a password has at least %d characters; nothing was changed\n", PASSWORD_MIN);
    return CAD_EINVAL;
  }
  return CAD_OK;
}
