/*
 * The queue of a job: WAITERS launchers that each want a slot once, with TOKENS in the FIFO and the job's implicit slot.
 *
 * Each waiter has a place and sleeps for the FIFO, which wakes one sleeper for each byte, in order (EPOLLEXCLUSIVE). One
 * of them, the keeper, also watches the holder of the implicit slot, and wakes the first in the queue when that is free. A
 * keeper that leaves wakes the last one to be the next. In the launcher everyone also looks now and then; here nobody does,
 * unless somebody may be killed: so what holds does not rest on that.
 *
 * What holds: never more than TOKENS tools with a token, and one in the implicit slot; everybody has its turn (else somebody
 * sleeps for ever, which is an invalid end state).
 *
 * Each mutant must be refuted where there are no tokens, whose coming and going would heal it: NO_HANDOVER (a keeper
 * leaves without a word), KEEPER_SLEEPS (it does not watch the holder).
 */
#ifndef WAITERS
#define WAITERS 3
#endif
#ifndef TOKENS
#define TOKENS 1
#endif
#ifndef KILLS
#define KILLS 0
#endif
#define NOBODY 255

byte pool = TOKENS;
byte holder = NOBODY, keeper = NOBODY;
byte place[WAITERS];       /* 0: none; else the order of arrival */
byte slept[WAITERS];       /* the same, of the FIFO's wait queue */
bool bound[WAITERS];       /* it can be woken by others */
bool asleep[WAITERS];
bool ready[WAITERS];       /* the FIFO was written */
bool poked[WAITERS];       /* another waiter called */
byte tickets, sleepers;
byte with_token, with_implicit;
byte kills = KILLS;

#define MAY_DIE if :: atomic { kills > 0 -> kills--; goto killed } :: true fi

inline wake(who) { ready[who] = true; asleep[who] = false }

/* A byte into the FIFO: whoever does not sleep finds it by itself, and the first that sleeps is woken. */
inline write_token() {
	d_step {
		pool++;
		assert(pool <= TOKENS);
		i = 1;
		do
		:: i > sleepers -> break
		:: else ->
			j = 0;
			do
			:: j == WAITERS -> break
			:: j < WAITERS && slept[j] == i ->
				if
				:: asleep[j] -> wake(j); i = sleepers; break
				:: else -> ready[j] = true; break
				fi
			:: else -> j++
			od;
			i++
		od;
		i = 0; j = 0
	}
}

/* The first or last place that somebody else has, in `found`. */
inline find(last) {
	d_step {
		found = NOBODY;
		i = 0;
		do
		:: i == WAITERS -> break
		:: else ->
			if
			:: i != me && place[i] != 0 && (found == NOBODY || (last && place[i] > place[found]) || (!last && place[i] < place[found])) ->
				found = i
			:: else
			fi;
			i++
		od;
		i = 0
	}
}

inline is_first() {
	find(false);
	first = (found == NOBODY || place[found] > place[me])
}

/* A datagram: false where nobody is there to get it. */
inline call() {
	atomic {
		called = (found != NOBODY && bound[found]);
		if :: called -> poked[found] = true; asleep[found] = false :: else fi
	}
}

proctype Waiter(byte me) {
	byte i, j, found, watched;
	bool first, called, token, runs, keeps;

	find(true);
	if
	:: found == NOBODY ->
		if
		:: atomic { holder == NOBODY -> holder = me } goto work
		:: atomic { holder != NOBODY && pool > 0 -> pool--; token = true } goto work
		:: holder != NOBODY && pool == 0
		fi
	:: else
	fi;
	atomic { tickets++; place[me] = tickets }
	MAY_DIE;
	bound[me] = true;
	atomic { sleepers++; slept[me] = sleepers; ready[me] = pool > 0 }
again:
	MAY_DIE;
	if
	:: atomic { pool > 0 -> pool--; token = true } goto leave
	:: pool == 0
	fi;
	is_first();
	if
	:: atomic { first && holder == NOBODY -> holder = me } goto leave
	:: !first || holder != NOBODY
	fi;
	watched = NOBODY;
	atomic { if :: keeper == NOBODY -> keeper = me :: else fi }
	if
	:: keeper == me ->
		watched = holder;
		if
		:: watched == NOBODY ->
			is_first();
			called = false;
			if :: !first -> find(false); call() :: else fi;
			if
			:: called -> goto again /* in ten milliseconds */
			:: atomic { !called && holder == NOBODY -> holder = me } goto leave
			:: !called && holder != NOBODY -> goto again
			fi
		:: else
		fi
	:: else
	fi;
	MAY_DIE;
	atomic { if :: (ready[me] && pool > 0) || poked[me] :: else -> asleep[me] = true fi }
	if
	:: !asleep[me]
#ifndef KEEPER_SLEEPS
	:: watched != NOBODY && holder != watched
#endif
#if KILLS
	:: kills < KILLS /* one look now and then is enough to find out */
#endif
	fi;
	atomic { asleep[me] = false; ready[me] = false; poked[me] = false }
	goto again;
leave:
	MAY_DIE;
	atomic { keeps = (keeper == me); place[me] = 0; if :: keeps -> keeper = NOBODY :: else fi }
	if
	:: keeps ->
#ifndef NO_HANDOVER
		MAY_DIE;
		find(true);
		call()
#endif
	:: else
	fi;
work:
	MAY_DIE;
	atomic {
		runs = true;
		if :: token -> with_token++ :: else -> with_implicit++ fi;
		assert(with_token <= TOKENS && with_implicit <= 1)
	}
	MAY_DIE;
killed:
	/* At its end, or when it is killed: the kernel takes the locks back, and a reclaimer the token. */
	atomic {
		if :: runs && token -> with_token-- :: runs && !token -> with_implicit-- :: else fi;
		place[me] = 0;
		slept[me] = 0;
		bound[me] = false;
		asleep[me] = false;
		if :: keeper == me -> keeper = NOBODY :: else fi;
		if :: holder == me -> holder = NOBODY :: else fi;
		if :: token -> write_token() :: else fi
	}
}

init {
	byte next;

	atomic {
		do
		:: next < WAITERS -> run Waiter(next); next++
		:: else -> break
		od
	}
}
