/*
 * Turns of two builds: WAITERS of build 0, and one of build 1, want the one token of a pool once each.
 *
 * All sleep on the FIFO, which wakes the first sleeper for each byte. Who is woken, and whose build took the last token while
 * the other one waits, calls the first waiter of that, and leaves it the token: until the other build has taken one, or its
 * deadline is over. In the launcher that is a matter of milliseconds; here it is over only once nothing else can happen. Somebody
 * may be killed at any moment.
 *
 * What holds: never more than one tool at once; everybody has the token or was killed (else somebody sleeps for ever, which is an
 * invalid end state); unless somebody is killed, the build of one waits for two tools of the other at most.
 *
 * Each mutant must be refuted: NO_DEADLINE (who has passed its turn waits for its use), NO_TURNS (tokens go to who came first).
 */
#ifndef WAITERS
#define WAITERS 3
#endif
#ifndef KILLS
#define KILLS 0
#endif
#define ALL (WAITERS + 1)
#define NOBODY 255

byte pool = 1;
byte served = NOBODY;     /* the build that took the last token */
byte running;
bool waits[ALL];          /* its lock */
byte slept[ALL];          /* its place in the FIFO's wait queue; 0: none */
bool asleep[ALL];
bool called[ALL];
byte sleepers;
byte before;              /* tools of build 0 that started while the one of build 1 waited */
byte kills = KILLS;

#define BUILD(who) (who == WAITERS)
#define MAY_DIE if :: atomic { kills > 0 -> kills--; goto killed } :: true fi

/* The first that waits of the other build, in `other`. */
inline find_other() {
	d_step {
		other = NOBODY;
		i = 0;
		do
		:: i == ALL -> break
		:: else ->
			if
			:: other == NOBODY && waits[i] && BUILD(i) != BUILD(me) -> other = i
			:: else
			fi;
			i++
		od;
		i = 0
	}
}

/* A byte into the FIFO: the first that sleeps is woken. */
inline write_token() {
	d_step {
		pool++;
		assert(pool <= 1);
		i = 0; first = NOBODY;
		do
		:: i == ALL -> break
		:: else ->
			if
			:: asleep[i] && slept[i] != 0 && (first == NOBODY || slept[i] < slept[first]) -> first = i
			:: else
			fi;
			i++
		od;
		if :: first != NOBODY -> asleep[first] = false :: else fi;
		i = 0; first = 0
	}
}

proctype Waiter(byte me) {
	byte i, first, other;
	bool token, passed, runs;

	atomic { waits[me] = true; sleepers++; slept[me] = sleepers }
again:
	MAY_DIE;
	passed = false;
	/* From its look to its read nobody else has the token and ends. */
	atomic {
		other = NOBODY;
#ifndef NO_TURNS
		if :: served == BUILD(me) && pool > 0 -> find_other() :: else fi;
#endif
		if
		:: other != NOBODY -> passed = true
		:: other == NOBODY && pool > 0 ->
			pool--;
			token = true;
			served = BUILD(me);
			if :: BUILD(me) == 0 && waits[WAITERS] -> before++ :: else fi;
			goto work
		:: other == NOBODY && pool == 0 && called[me] -> called[me] = false; goto again
		:: other == NOBODY && pool == 0 && !called[me] -> asleep[me] = true; goto sleep
		fi
	}
	MAY_DIE;
	atomic { called[other] = true; asleep[other] = false }
	if
	:: served != BUILD(me)
#ifndef NO_DEADLINE
	:: timeout
#endif
	fi;
	atomic { if :: served == BUILD(me) && pool > 0 -> pool--; token = true; goto work :: else -> goto again fi }
sleep:
	/* Woken, or a look now and then, which all have. */
	if
	:: !asleep[me]
	:: atomic { timeout -> asleep[me] = false }
	fi;
	called[me] = false;
	goto again;
work:
	atomic { waits[me] = false; slept[me] = 0; runs = true; running++; assert(running <= 1) }
	MAY_DIE;
killed:
	atomic {
		if :: runs -> running-- :: else fi;
		waits[me] = false;
		slept[me] = 0;
		asleep[me] = false;
		if :: token -> write_token() :: else fi
	}
}

init {
	byte next;

	atomic {
		do
		:: next < ALL -> run Waiter(next); next++
		:: else -> break
		od
	}
	(_nr_pr == 1);
	assert(pool == 1 && (before <= 2 || KILLS > 0))
}
