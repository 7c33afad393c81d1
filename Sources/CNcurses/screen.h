/* Shared by the files of this target. */
#ifndef CNCURSES_SCREEN_H
#define CNCURSES_SCREEN_H

#include <stddef.h>

/* Writes everything; 0, or -1 when the descriptor does not take it. Safe in a signal handler. */
int cncurses_write_all(int fd, const void *bytes, size_t count);

#endif
