#define _XOPEN_SOURCE 700
#define _DEFAULT_SOURCE
#ifdef __APPLE__
#define _XOPEN_SOURCE_EXTENDED 1
#define _DARWIN_C_SOURCE 1
#endif
#define NCURSES_WIDECHAR 1
#include "screen.h"

#include <curses.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#include "cncurses.h"

/* All that a handler of signals needs to give the terminal back. */
static struct {
    atomic_int is_up;
    int output;
    struct termios modes;
    char reset[1024];
    size_t reset_length;
    int kept_stderr; /* -1: standard error was left alone */
} undo = {.kept_stderr = -1};

struct cncurses_screen {
    SCREEN *screen;
    FILE *input_file, *output_file;
    /* Keys are read through a pad: reading through a window would refresh it. */
    WINDOW *keys;
    int input;
    int has_colours;
    int features;
    char *log;
};

static atomic_int is_taken;

int cncurses_write_all(int fd, const void *bytes, size_t count) {
    const char *rest = bytes;
    while (count > 0) {
        ssize_t written = write(fd, rest, count);
        if (written >= 0) {
            rest += written;
            count -= (size_t)written;
        } else if (errno == EAGAIN) {
            struct pollfd wait = {.fd = fd, .events = POLLOUT};
            if (poll(&wait, 1, 1000) == 0) return -1;
        } else if (errno != EINTR) {
            return -1;
        }
    }
    return 0;
}

/* ---- Leaving ---- */

void cncurses_restore(void) {
    int error = errno;
    if (atomic_exchange(&undo.is_up, 0)) {
        cncurses_write_all(undo.output, undo.reset, undo.reset_length);
        /* In the background, setting modes would stop the process instead. */
        sigset_t stop, kept;
        sigemptyset(&stop);
        sigaddset(&stop, SIGTTOU);
        pthread_sigmask(SIG_BLOCK, &stop, &kept);
        tcsetattr(undo.output, TCSANOW, &undo.modes);
        pthread_sigmask(SIG_SETMASK, &kept, NULL);
        if (undo.kept_stderr >= 0) dup2(undo.kept_stderr, STDERR_FILENO);
    }
    errno = error;
}

/* Only a terminal is replaced: whoever sent standard error elsewhere wants it there. */
static void redirect_stderr(const char *log) {
    if (undo.kept_stderr >= 0 || !isatty(STDERR_FILENO)) return;
    int file = open(log != NULL ? log : "/dev/null", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (file < 0) file = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (file < 0) return;
    fflush(stderr);
    int kept = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10);
    if (kept >= 0 && dup2(file, STDERR_FILENO) >= 0) {
        undo.kept_stderr = kept;
    } else if (kept >= 0) {
        close(kept);
    }
    close(file);
}

static void restore_stderr(void) {
    int kept = undo.kept_stderr;
    if (kept < 0) return;
    fflush(stderr);
    dup2(kept, STDERR_FILENO);
    undo.kept_stderr = -1;
    close(kept);
}

static const char *own_on(int features, char *text, size_t size) {
    snprintf(text, size, "%s%s%s", features & CNCURSES_PASTE ? "\033[?2004h" : "",
             features & CNCURSES_MOUSE ? "\033[?1002h\033[?1006h" : "",
             features & CNCURSES_FOCUS ? "\033[?1004h" : "");
    return text;
}

static const char *own_off(int features, char *text, size_t size) {
    snprintf(text, size, "%s%s%s%s", features & CNCURSES_SYNCHRONISED ? "\033[?2026l" : "",
             features & CNCURSES_PASTE ? "\033[?2004l" : "",
             features & CNCURSES_MOUSE ? "\033[?1006l\033[?1002l" : "",
             features & CNCURSES_FOCUS ? "\033[?1004l" : "");
    return text;
}

static void write_text(const char *text) { cncurses_write_all(undo.output, text, strlen(text)); }

static const char *capability(const char *name) {
    char *text = tigetstr(name);
    return text == NULL || text == (char *)-1 ? NULL : text;
}

/* Copies a capability without the marks of padding such as "$<2>"; returns the new length. */
static size_t add_capability(char *to, size_t length, size_t size, const char *text) {
    for (; text != NULL && *text != 0; text++) {
        if (text[0] == '$' && text[1] == '<') {
            const char *end = strchr(text, '>');
            if (end == NULL) break;
            text = end;
        } else if (length < size) {
            to[length++] = *text;
        }
    }
    return length;
}

static void add_reset(const char *text) {
    undo.reset_length = add_capability(undo.reset, undo.reset_length, sizeof undo.reset, text);
}

static void prepare_reset(int features) {
    char text[128];
    undo.reset_length = 0;
    add_reset(own_off(features, text, sizeof text));
    add_reset(capability("cnorm"));
    add_reset(capability("sgr0"));
    add_reset(capability("rmkx"));
    const char *main_screen = capability("rmcup");
    /* Without a second screen, what comes next starts on a line of its own. */
    add_reset(main_screen != NULL ? main_screen : "\r\n");
}

static void forget(cncurses_screen *screen) {
    if (screen->input_file != NULL) fclose(screen->input_file);
    if (screen->output_file != NULL) fclose(screen->output_file);
    free(screen->log);
    free(screen);
    atomic_store(&is_taken, 0);
}

/* ---- Starting ---- */

static FILE *file_of(int fd, const char *mode) {
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    if (copy < 0) return NULL;
    FILE *file = fdopen(copy, mode);
    if (file == NULL) close(copy);
    return file;
}

/* Why the terminal cannot be used; 0 when it can. */
static int refusal(const char *terminal) {
    int error = 0;
    TERMINAL *kept = set_curterm(NULL);
    int failure = 0;
    if (setupterm((char *)terminal, STDERR_FILENO, &error) != OK) {
        failure = CNCURSES_UNKNOWN;
    } else if (capability("cup") == NULL) {
        failure = CNCURSES_NO_CURSOR;
    }
    TERMINAL *own = set_curterm(kept);
    if (own != NULL && own != kept) del_curterm(own);
    return failure;
}

static void set_modes(cncurses_screen *screen) {
    raw();
    noecho();
    nonl();
    screen->keys = newpad(1, 1);
    if (screen->keys != NULL) {
        keypad(screen->keys, TRUE);
        nodelay(screen->keys, TRUE);
    }
    /* The mouse is ours: as bytes its sequences pass, while ncurses would wait for a second click
       and read only the encoding that the description names. */
    define_key("\033[<", 0);
    define_key("\033[M", 0);
    if (screen->has_colours && has_colors()) {
        start_color();
        use_default_colors();
    } else {
        screen->has_colours = 0;
    }
}

cncurses_screen *cncurses_start(const cncurses_options *options, int *failure) {
    static atomic_int has_atexit;
    *failure = CNCURSES_BUSY;
    if (atomic_exchange(&is_taken, 1)) return NULL;
    cncurses_screen *screen = calloc(1, sizeof *screen);
    *failure = CNCURSES_SYSTEM;
    if (screen == NULL) {
        atomic_store(&is_taken, 0);
        return NULL;
    }
    if (!isatty(options->input) || !isatty(options->output)) {
        *failure = CNCURSES_NO_TERMINAL;
        forget(screen);
        return NULL;
    }
    int refused = refusal(options->terminal);
    if (refused != 0) {
        *failure = refused;
        forget(screen);
        return NULL;
    }
    screen->input_file = file_of(options->input, "r");
    screen->output_file = file_of(options->output, "w");
    screen->log = options->log != NULL ? strdup(options->log) : NULL;
    if (screen->input_file == NULL || screen->output_file == NULL ||
        tcgetattr(options->output, &undo.modes) != 0) {
        forget(screen);
        return NULL;
    }
    screen->input = fileno(screen->input_file);
    screen->has_colours = options->has_colours;
    screen->features = options->features;
    undo.output = fileno(screen->output_file);
#ifndef __APPLE__
    /* The terminal says how large it is, not a variable that a shell left over. */
    use_env(FALSE);
    use_tioctl(TRUE);
#endif
    screen->screen = newterm((char *)options->terminal, screen->output_file, screen->input_file);
    if (screen->screen == NULL) {
        *failure = CNCURSES_UNKNOWN;
        forget(screen);
        return NULL;
    }
    prepare_reset(screen->features);
    atomic_store(&undo.is_up, 1);
    if (!atomic_exchange(&has_atexit, 1)) atexit(cncurses_restore);
    set_escdelay(25);
    set_modes(screen);
    redirect_stderr(screen->log);
    char text[128];
    write_text(own_on(screen->features, text, sizeof text));
    *failure = 0;
    return screen;
}

void cncurses_leave(cncurses_screen *screen) {
    if (!atomic_load(&undo.is_up)) return;
    char text[128];
    write_text(own_off(screen->features, text, sizeof text));
    endwin();
    tcsetattr(undo.output, TCSANOW, &undo.modes);
    /* Movements of the mouse that were on their way are nobody's text. */
    if (screen->features & CNCURSES_MOUSE) tcflush(undo.output, TCIFLUSH);
    atomic_store(&undo.is_up, 0);
    restore_stderr();
}

/* After endwin the refresh enters the screen and sets the modes. */
static void repaint(cncurses_screen *screen) {
    clearok(curscr, TRUE);
    wnoutrefresh(stdscr);
    doupdate();
    char text[128];
    /* Not by putp, which writes to standard output. */
    size_t length = add_capability(text, 0, sizeof text, capability("smkx"));
    cncurses_write_all(undo.output, text, length);
    write_text(own_on(screen->features, text, sizeof text));
}

void cncurses_return(cncurses_screen *screen) {
    if (atomic_exchange(&undo.is_up, 1)) return;
    redirect_stderr(screen->log);
    cncurses_fit(screen);
    repaint(screen);
}

void cncurses_redraw(cncurses_screen *screen) {
    if (!atomic_load(&undo.is_up)) return;
    reset_prog_mode();
    repaint(screen);
}

void cncurses_end(cncurses_screen *screen) {
    cncurses_leave(screen);
    /* For what leaving may not have reached. */
    cncurses_restore();
    restore_stderr();
    if (screen->keys != NULL) delwin(screen->keys);
    delscreen(screen->screen);
    forget(screen);
}

/* ---- Size and colours ---- */

int cncurses_screen_columns(const cncurses_screen *screen) { return screen != NULL ? COLS : 0; }
int cncurses_screen_rows(const cncurses_screen *screen) { return screen != NULL ? LINES : 0; }
int cncurses_screen_colours(const cncurses_screen *screen) {
    return screen->has_colours ? COLORS : 0;
}
int cncurses_screen_pairs(const cncurses_screen *screen) {
    return screen->has_colours ? COLOR_PAIRS : 1;
}

void cncurses_fit(cncurses_screen *screen) {
    (void)screen;
    struct winsize size;
    if (ioctl(undo.output, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0) return;
    if (is_term_resized(size.ws_row, size.ws_col)) resizeterm(size.ws_row, size.ws_col);
}

int cncurses_pair(cncurses_screen *screen, int pair, int foreground, int background) {
    if (!screen->has_colours) return 0;
#if defined(NCURSES_EXT_COLORS) && NCURSES_EXT_COLORS >= 20170401
    return init_extended_pair(pair, foreground, background) == OK;
#else
    return init_pair((short)pair, (short)foreground, (short)background) == OK;
#endif
}

/* ---- Drawing ---- */

void cncurses_erase(cncurses_screen *screen) {
    (void)screen;
    if (!atomic_load(&undo.is_up)) return;
    werase(stdscr);
    clearok(curscr, TRUE);
}

static attr_t attributes_of(int attributes) {
    attr_t result = A_NORMAL;
    if (attributes & CNCURSES_BOLD) result |= A_BOLD;
    if (attributes & CNCURSES_DIM) result |= A_DIM;
#ifdef A_ITALIC
    if (attributes & CNCURSES_ITALIC) result |= A_ITALIC;
#endif
    if (attributes & CNCURSES_UNDERLINE) result |= A_UNDERLINE;
    if (attributes & CNCURSES_REVERSE) result |= A_REVERSE;
    return result;
}

void cncurses_put(cncurses_screen *screen, int x, int y, const unsigned *scalars, int count,
                  int attributes, int pair) {
    (void)screen;
    if (!atomic_load(&undo.is_up)) return;
    wchar_t text[CCHARW_MAX + 1] = {0};
    int length = 0;
    for (int i = 0; i < count && length < CCHARW_MAX; i++) {
        wchar_t scalar = (wchar_t)scalars[i];
        int width = wcwidth(scalar);
        if (length == 0) {
            text[length++] = width > 0 ? scalar : L'?';
        } else if (width == 0 && scalar != 0) {
            text[length++] = scalar;
        }
    }
    if (length == 0) text[0] = L' ';
    cchar_t cell;
#if defined(NCURSES_EXT_COLORS) && NCURSES_EXT_COLORS >= 20170401
    /* A pair passed by pointer may exceed the attribute's bits. */
    if (setcchar(&cell, text, attributes_of(attributes), 0, &pair) != OK) return;
#else
    if (setcchar(&cell, text, attributes_of(attributes), (short)pair, NULL) != OK) return;
#endif
    /* Neither moves the cursor nor minds the last cell of the screen. */
    mvwadd_wchnstr(stdscr, y, x, &cell, 1);
}

void cncurses_refresh(cncurses_screen *screen, int x, int y) {
    if (!atomic_load(&undo.is_up)) return;
    int is_synchronised = screen->features & CNCURSES_SYNCHRONISED;
    if (is_synchronised) write_text("\033[?2026h");
    curs_set(x >= 0 ? 1 : 0);
    wmove(stdscr, y >= 0 ? y : 0, x >= 0 ? x : 0);
    wnoutrefresh(stdscr);
    doupdate();
    if (is_synchronised) write_text("\033[?2026l");
}

int cncurses_write(cncurses_screen *screen, const void *bytes, int count) {
    (void)screen;
    if (!atomic_load(&undo.is_up)) return -1;
    return cncurses_write_all(undo.output, bytes, (size_t)count);
}

/* ---- Input ---- */

int cncurses_next(cncurses_screen *screen) {
    if (screen->keys == NULL || !atomic_load(&undo.is_up)) return -1;
    int code = wgetch(screen->keys);
    return code == ERR ? -1 : code;
}

const char *cncurses_key_name(int code) { return code > 255 ? keyname(code) : NULL; }

int cncurses_read(cncurses_screen *screen, void *bytes, int capacity) {
    struct pollfd wait = {.fd = screen->input, .events = POLLIN};
    if (poll(&wait, 1, 0) <= 0 || !(wait.revents & POLLIN)) return 0;
    ssize_t count = read(screen->input, bytes, (size_t)capacity);
    return count > 0 ? (int)count : 0;
}

int cncurses_is_closed(const cncurses_screen *screen) {
    struct pollfd wait = {.fd = screen->input, .events = POLLIN};
    if (poll(&wait, 1, 0) <= 0) return 0;
    if (wait.revents & (POLLHUP | POLLERR | POLLNVAL)) return 1;
    /* Something to read, and nothing there, is the end. */
    int count = 0;
    return (wait.revents & POLLIN) && (ioctl(screen->input, FIONREAD, &count) != 0 || count == 0);
}
