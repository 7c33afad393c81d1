/* A small opaque face of wide ncurses; Swift never sees <curses.h>. */
#ifndef CNCURSES_H
#define CNCURSES_H

/* Colours that the terminal named by TERM can show: 0 when it is unknown or shows none. */
int cncurses_colours(void);

/* Columns of the terminal behind file descriptor `fd`; 0 when it is none. */
int cncurses_columns(int fd);

/* Cells that a Unicode scalar takes: 0, 1 or 2; -1 for a control character. Needs a UTF-8 locale. */
int cncurses_cells(unsigned scalar);

#endif
