/* The alternate screen. A page is written over the one before, line by line, and only what is left of that is cleared. */
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/err.h"
#include "base/file.h"
#include "base/str.h"
#include "shell/screen.h"

enum { WIDTH = 80, HEIGHT = 24 };

static int
put(const char *text, struct err *err)
{
	return file_write_fd(STDOUT_FILENO, text, strlen(text), err);
}

int
screen_enter(struct screen *s, struct err *err)
{
	struct termios raw;

	if (put("\033[?1049h\033[?25l", err) < 0)
		return -1;
	s->on = true;
	s->keys = tcgetattr(STDIN_FILENO, &s->before) == 0;
	if (s->keys) {
		raw = s->before;
		raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
		raw.c_cc[VMIN] = 1;
		raw.c_cc[VTIME] = 0;
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw);
	}
	return 0;
}

void
screen_leave(struct screen *s)
{
	struct err gone;

	if (!s->on)
		return;
	s->on = false;
	put("\033[?25h\033[?1049l", &gone);
	if (s->keys)
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &s->before);
}

size_t
screen_width(void)
{
	struct winsize w;

	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col ? w.ws_col : WIDTH;
}

size_t
screen_height(void)
{
	struct winsize w;

	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_row ? w.ws_row : HEIGHT;
}

int
screen_show(const struct str *page, struct err *err)
{
	AUTO(str_fini) struct str out = {0};
	size_t height = screen_height(), n = 0;

	str_puts(&out, "\033[H");
	for (const char *line = str_c(page), *end; (end = strchr(line, '\n')) && n < height; line = end + 1, n++) {
		str_puts(&out, n ? "\r\n" : "");
		str_put(&out, line, (size_t)(end - line));
		str_puts(&out, "\033[K");
	}
	str_puts(&out, "\033[J");
	return file_write_fd(STDOUT_FILENO, out.p, out.n, err);
}
