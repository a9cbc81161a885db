/* A job that nobody else is in. */
#ifndef SOLEJOB_H
#define SOLEJOB_H

struct job;
struct subject;

/* The slot that our caller took, as such a job. While our run waits for a gate, another run may borrow it. */
struct job job_of_callers(const struct subject *subject, const struct job *found);

/* One that needs a token. */
struct job job_that_pays(const struct subject *subject);

#endif
