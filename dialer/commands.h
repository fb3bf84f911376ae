/* commands.h — the verbs of the one binary. Each returns an exit status: 0 good, 1
 * refused, 2 usage. argv[0] is the verb. Each prints its own --help with examples. */
#ifndef CADENCIA_COMMANDS_H
#define CADENCIA_COMMANDS_H

int serve_main(int argc, char **argv);    /* dialer/daemon.c */
int rehearse_main(int argc, char **argv); /* dialer/rehearse.c */
int simulate_main(int argc, char **argv); /* dialer/simulate.c */
int replay_main(int argc, char **argv);   /* dialer/replay.c */
int listen_main(int argc, char **argv);   /* dialer/listen.c */
int local_main(int argc, char **argv);    /* dialer/local/: campaign agent import export status dnc check dispose */

#endif
