/* The terminal as a page that is shown in place: no scrolling, no flicker, and all as it was before when it is left. */
#ifndef ARTEL_SHELL_SCREEN_H
#define ARTEL_SHELL_SCREEN_H

#include <stdbool.h>
#include <stddef.h>

#include <termios.h>

struct err;
struct str;

struct screen {
	bool on;
	bool keys;			/* standard input is a terminal too, and gives each key at once */
	struct termios before;
};

/* Standard output must be a terminal. */
int screen_enter(struct screen *s, struct err *err);
/* Harmless if it was not entered. */
void screen_leave(struct screen *s);
/* Lines of a page, each no wider than the screen; those below its end are not shown. -1: the terminal is gone. */
int screen_show(const struct str *page, struct err *err);
/* Columns and lines of the terminal; where it does not know, 80 and 24. */
size_t screen_width(void);
size_t screen_height(void);

#endif
