#define _XOPEN_SOURCE 700
#define _DEFAULT_SOURCE
#include "cncurses.h"
#include <curses.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <term.h>
#include <unistd.h>
#include <wchar.h>

#include "screen.h"

int cncurses_described(const char *terminal) {
    /* ncurses keeps one description as its current one: that of the screen must stay. */
    TERMINAL *kept = set_curterm(NULL);
    int error = 0;
    int colours = -1;
    if (setupterm((char *)terminal, STDERR_FILENO, &error) == OK) {
        colours = tigetnum("colors");
        if (colours < 0) colours = 0;
    }
    TERMINAL *own = set_curterm(kept);
    if (own != NULL && own != kept) del_curterm(own);
    return colours;
}

int cncurses_colours(void) {
    int colours = cncurses_described(NULL);
    return colours > 0 ? colours : 0;
}

int cncurses_columns(int fd) {
    struct winsize size;
    if (!isatty(fd) || ioctl(fd, TIOCGWINSZ, &size) != 0) return 0;
    return size.ws_col;
}

int cncurses_cells(unsigned scalar) { return wcwidth((wchar_t)scalar); }
