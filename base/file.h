/* Files: whole reads, atomic writes, trees and locks. Paths are relative to a directory fd. */
#ifndef ARTEL_BASE_FILE_H
#define ARTEL_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct err;
struct str;

enum { FILE_ABSENT = 1, FILE_BUSY = 2 };

/* Append the whole file to out. FILE_ABSENT if there is none; more than max bytes is an error. */
int file_read(int dir, const char *path, size_t max, struct str *out, struct err *err);
/* The same from an open file, to its end. */
int file_read_fd(int fd, size_t max, struct str *out, struct err *err);
/* Write all of it, through short writes and EINTR. */
int file_write_fd(int fd, const void *data, size_t n, struct err *err);
/* Write a file that we shall read soon, neither atomic nor durable; what has the name goes first, whatever it is but a folder. */
int file_write(int dir, const char *path, const void *data, size_t n, mode_t mode, struct err *err);
/* Replace path by data: temporary, fsync, rename, fsync of the directory. */
int file_replace(int dir, const char *path, const void *data, size_t n, mode_t mode, struct err *err);
/* Make the symlink path point to target, atomically and durably. */
int file_relink(int dir, const char *path, const char *target, struct err *err);
/* Copy what is left to read of one fd to another. */
int file_copy_fd(int from, int to, struct err *err);
/* Copy n bytes from `at` on of one file to the end of another, inside the kernel where it can. */
int file_copy_range(int from, off_t at, int to, size_t n, struct err *err);
/* fsync; `what` is for the error. */
int file_sync(int fd, const char *what, struct err *err);
/* Create a directory and its parents (mode 0755). */
int file_mkdirs(int dir, const char *path, struct err *err);
/* fsync the directory that holds path. */
int file_sync_parent(int dir, const char *path, struct err *err);
/* Open a directory, O_DIRECTORY|O_CLOEXEC; -1 with err set. */
int file_open_dir(int dir, const char *path, struct err *err);
/*
 * Open something below dir that a stranger may have made: no link is followed anywhere on the way, the way does not
 * leave dir, and a fifo is not waited for. -1 with errno: ELOOP for a link.
 */
int file_open_beneath(int dir, const char *path, int flags);
/* file_read() by that, of a regular file only. */
int file_read_beneath(int dir, const char *path, size_t max, struct str *out, struct err *err);
/* Remove path and all below it, however deep, following no link; absent is fine. */
int file_remove_tree(int dir, const char *path, struct err *err);
/*
 * Take an exclusive lock on path (made if absent). *fd holds it until closed.
 * FILE_BUSY if another process has it.
 */
int file_lock(int dir, const char *path, int *fd, struct err *err);
/* Whether path names anything. */
bool file_exists(int dir, const char *path);

#endif
