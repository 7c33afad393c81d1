/* A small opaque face of wide ncurses; Swift never sees <curses.h>. */
#ifndef CNCURSES_H
#define CNCURSES_H

/* Colours that the terminal named by TERM can show: 0 when it is unknown or shows none. */
int cncurses_colours(void);

/* Colours of the terminal description called `terminal`; -1 when there is no such description. */
int cncurses_described(const char *terminal);

/* Columns of the terminal behind file descriptor `fd`; 0 when it is none. */
int cncurses_columns(int fd);

/* Cells that a Unicode scalar takes: 0, 1 or 2; -1 for a control character. Needs a UTF-8 locale. */
int cncurses_cells(unsigned scalar);

/* ---- The screen. One at a time in a process; all calls on the thread that started it, but where
   said otherwise. ---- */

typedef struct cncurses_screen cncurses_screen;

/* What is switched on by sequences of our own, and off again on every way out. */
enum {
    CNCURSES_PASTE = 1,        /* bracketed paste */
    CNCURSES_FOCUS = 2,        /* focus in and out */
    CNCURSES_MOUSE = 4,        /* buttons, wheel, drag, in the SGR encoding */
    CNCURSES_SYNCHRONISED = 8, /* a frame is shown at once */
};

/* Why there is no screen. */
enum {
    CNCURSES_NO_TERMINAL = 1, /* a file descriptor is no terminal */
    CNCURSES_UNKNOWN = 2,     /* no description of the terminal */
    CNCURSES_NO_CURSOR = 3,   /* its cursor cannot be placed, as on TERM=dumb */
    CNCURSES_BUSY = 4,        /* there is a screen already */
    CNCURSES_SYSTEM = 5,      /* errno says why */
};

typedef struct {
    const char *terminal; /* name of the description; NULL is TERM */
    int input, output;    /* file descriptors; they stay the caller's */
    int has_colours;      /* 0: no colour is ever written */
    int features;         /* CNCURSES_PASTE and so on */
    const char *log;      /* what takes standard error while the screen is up; NULL drops it */
} cncurses_options;

/* Starts the screen. NULL, with the reason in `failure`, leaves the terminal as it was. */
cncurses_screen *cncurses_start(const cncurses_options *options, int *failure);

/* Gives the terminal back; `screen` is gone. */
void cncurses_end(cncurses_screen *screen);

/* The same without ncurses: one write of a fixed string, and the modes. Safe in a signal handler and
   on every thread; does nothing when no screen is up. */
void cncurses_restore(void);

/* Gives the terminal back for a while, and takes it again. */
void cncurses_leave(cncurses_screen *screen);
void cncurses_return(cncurses_screen *screen);

/* Sets the terminal's modes again; the next refresh writes everything. */
void cncurses_redraw(cncurses_screen *screen);

int cncurses_screen_columns(const cncurses_screen *screen);
int cncurses_screen_rows(const cncurses_screen *screen);
/* Colours that can be used now: 0 for none; 1 << 24 when a colour is 0xRRGGBB, where 0 to 7 stay the
   terminal's own. */
int cncurses_screen_colours(const cncurses_screen *screen);
/* Pairs of colours that can be defined, pair 0 included. */
int cncurses_screen_pairs(const cncurses_screen *screen);

/* Asks the terminal for its size; KEY_RESIZE is the next input when it is another. */
void cncurses_fit(cncurses_screen *screen);

/* Defines a pair, from 1; -1 is the terminal's own colour. 0 when that failed. */
int cncurses_pair(cncurses_screen *screen, int pair, int foreground, int background);

/* Blanks the window. */
void cncurses_erase(cncurses_screen *screen);

/* Attributes of a cell, as in Style.Attributes. */
enum {
    CNCURSES_BOLD = 1,
    CNCURSES_DIM = 2,
    CNCURSES_ITALIC = 4,
    CNCURSES_UNDERLINE = 8,
    CNCURSES_REVERSE = 16,
};

/* Puts a base and its marks into a cell (a base of two cells takes the next one too). This is the
   last guard: in place of a control character or what has no width comes a question mark. */
void cncurses_put(cncurses_screen *screen, int x, int y, const unsigned *scalars, int count,
                  int attributes, int pair);

/* Brings what changed to the terminal and shows its cursor there; x < 0 hides it. */
void cncurses_refresh(cncurses_screen *screen, int x, int y);

/* Writes bytes to the terminal as they are; -1 when it is gone. */
int cncurses_write(cncurses_screen *screen, const void *bytes, int count);

/* The next input without waiting: a byte below 256, else a key with a name; -1 for none. */
int cncurses_next(cncurses_screen *screen);
/* The name of a key, such as "KEY_UP" or "kLFT5"; NULL for none. */
const char *cncurses_key_name(int code);
/* Bytes of input as they are, without waiting, past the keys; 0 for none. */
int cncurses_read(cncurses_screen *screen, void *bytes, int capacity);
/* Whether the terminal is gone. To be asked only when nothing could be read. */
int cncurses_is_closed(const cncurses_screen *screen);

/* ---- Signals of the process. ---- */

/* INT, TERM, HUP, QUIT, TSTP, CONT and WINCH only write their number into a pipe; after a crash the
   terminal is restored first. Blocks those of the keyboard and the window in the calling thread, so
   that threads started later have them blocked. To be called before a screen starts, since ncurses
   keeps handlers that it finds; a second call changes nothing.
   Returns the end of the pipe to wait on; -1 with errno. */
int cncurses_signals_install(void);
/* The end of the pipe to wait on; -1 when signals are not caught. */
int cncurses_signals_descriptor(void);
/* The calling thread takes the signals, if they are caught, and is guarded. */
void cncurses_signals_own(void);
/* A signal that came; 0 for none. */
int cncurses_signals_next(void);
/* Whether one came that ends the program and has not been taken. */
int cncurses_signals_end_is_near(void);
/* Stops the process as Ctrl-Z does; returns when it goes on. */
void cncurses_signals_stop(void);
/* While another program has the terminal: the keyboard's signals are its own affair. */
void cncurses_signals_outside(int is_outside);
/* Runs a program in this process's group, so that it may use the terminal, and waits for its end.
   `arguments` ends with NULL. Returns its exit status, 128 and the signal that ended it, or -errno
   when it could not be started. */
int cncurses_run(const char *const *arguments);
/* As it was before. */
void cncurses_signals_remove(void);

#endif
