/* One run, as far as nothing is waited for. */
#ifndef LAUNCH_H
#define LAUNCH_H

struct relay;
struct run;

/* A tool that runs as our child has ended, and we as it did; what else there is to do look does in our place. Returns if the tool is to
 * take our place. */
void launch(struct run *run, const struct relay *to);

#endif
