/* What `jobshim run` can't do by itself: start its command with some of 0, 1 and 2 closed, where Node has opened /dev/null. */
#ifndef BECOME_H
#define BECOME_H

/* Closes what `launcher --closed 02 ...` names, and takes these words away. */
void close_told(int *argc, char ***argv);

/* Becomes the program, found on PATH as execvp() finds it: that may be a shim. */
_Noreturn void become(char *const argv[]);

#endif
