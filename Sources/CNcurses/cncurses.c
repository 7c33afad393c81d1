#define _XOPEN_SOURCE 700
#define _DEFAULT_SOURCE
#include "cncurses.h"
#include <curses.h>
#include <sys/ioctl.h>
#include <term.h>
#include <unistd.h>
#include <wchar.h>

int cncurses_colours(void) {
    int error = 0;
    if (setupterm(NULL, STDERR_FILENO, &error) != OK) return 0;
    int colours = tigetnum("colors");
    return colours > 0 ? colours : 0;
}

int cncurses_columns(int fd) {
    struct winsize size;
    if (!isatty(fd) || ioctl(fd, TIOCGWINSZ, &size) != 0) return 0;
    return size.ws_col;
}

int cncurses_cells(unsigned scalar) { return wcwidth((wchar_t)scalar); }
