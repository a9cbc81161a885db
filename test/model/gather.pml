/*
 * Runs that take several slots at once. LAUNCHERS on a jobserver of SLOTS slots: the first WIDE of them take WANTS slots
 * each, the others one.
 *
 * JOBS says whose slots they run in: CALLERS, each in one that make paid for when it started it; SCRIPT, all in the one job
 * of `jobshim run`; MIXED, the last two in one job, the others in a caller's each.
 *
 * A gate lets one gather at a time, and no two that can't run at once. A run at the gate holds nothing; who gathers may
 * borrow the implicit slot of its job, since nothing runs in it.
 *
 * Who looks for a slot has a ticket, the order in which it came, until it has one. If that is a token, and it wants more, it keeps
 * its ticket until it has the slot of its own job, too, or all that it wants. A job's slot is for the earliest ticket of that job.
 * Tokens go to anybody, as those of a server that keeps an account do.
 *
 * KEEPS is the job whose slot its client does not put back, but keeps for what it starts next, as ninja does. Who gathers and
 * finds nobody at work goes on as if it had all.
 *
 * What holds: never more than SLOTS slots are in use; everybody has its turn; in the end all slots are free. While one waits that
 * wants one slot, at most one starts that wants all; and while one gathers, nobody that came later has the slot of its job. When a run
 * whose slot is lent is killed at its gate, make takes that slot for free: then there is one more in use until the
 * borrower ends, and no more than that.
 *
 * Each mutant must be refuted: TWO_GATHER (the gate lets everybody gather), NO_BORROW, BORROW_BUSY (also from jobs
 * whose run is past the gate, without taking their lock), NO_RECLAIM, NO_ALONE (it waits for the slot that is kept),
 * ALONE_EARLY (it goes on while others are at work), UNORDERED (who came later has the slot of a job before one that gathers),
 * STANDS_FIRST (one that gathers stands before those that came earlier), STAYS (it keeps its ticket though it has all),
 * DIES_THERE (the ticket of one that is killed stays).
 */
#ifndef SLOTS
#define SLOTS 3
#endif
#ifndef LAUNCHERS
#define LAUNCHERS 3
#endif
#ifndef WIDE
#define WIDE 2
#endif
#ifndef WANTS
#define WANTS 2
#endif
#ifndef KILLS
#define KILLS 0
#endif
#ifndef KEEPS
#define KEEPS NOBODY
#endif
#define CALLERS 0
#define SCRIPT 1
#define MIXED 2
#ifndef JOBS
#define JOBS CALLERS
#endif
#define NOBODY 255

#if JOBS == CALLERS
#define JOB(who) (who)
#define PAID LAUNCHERS
#elif JOBS == SCRIPT
#define JOB(who) 0
#define PAID 1
#else
#define JOB(who) ((who) == LAUNCHERS - 1 -> LAUNCHERS - 2 : (who))
#define PAID (LAUNCHERS - 1)
#endif

byte pool = SLOTS - PAID;      /* bytes in the FIFO; every job's own slot is out */
byte implicit[4];              /* who has the lock of a job's slot, + 1; 0: nobody */
byte left[LAUNCHERS];          /* launchers of a job that are not over */
bool gated[4], ended_[4];
byte ticket[4], tickets = 1;   /* 0: it has none */
byte overtaken[4];             /* runs of all slots that started while it waited */
byte gathering = NOBODY;
byte taken;                    /* slots of the admitted runs that take more than one */
byte lost[LAUNCHERS];          /* tokens in the records of the dead */
byte in_use, lent_twice;
byte over, kills = KILLS;

#define MAY_DIE if :: atomic { kills > 0 -> kills--; goto killed } :: true fi

/* The client's child is over: its slot is the client's again. The root job of a script stays. */
inline leave_job() {
	left[JOB(me)]--;
	if
	:: left[JOB(me)] == 0 && JOBS != SCRIPT ->
		if :: JOB(me) == KEEPS :: else -> pool++ fi;
		if :: implicit[JOB(me)] != 0 -> lent_twice++ :: else fi
	:: else
	fi
}

/* The implicit slots that `me` holds, given back. One whose job is over was lent twice. */
inline unlock_all() {
	i = 0;
	do
	:: i == LAUNCHERS -> break
	:: else ->
		if
		:: implicit[i] == me + 1 ->
			implicit[i] = 0;
			if :: left[i] == 0 && JOBS != SCRIPT -> lent_twice-- :: else fi
		:: else
		fi;
		i++
	od;
	i = 0
}

#define CAME_EARLIER(other) (other != me && JOB(other) == JOB(me) && ticket[other] != 0 && ticket[other] < ticket[me])
#define IN_ORDER (!CAME_EARLIER(0) && !CAME_EARLIER(1) && !CAME_EARLIER(2) && !CAME_EARLIER(3))
#define GATHERS_EARLIER(other) (CAME_EARLIER(other) && gathering == other)
#ifdef UNORDERED
#define IN_TURN (wants == 1 || IN_ORDER)
#else
#define IN_TURN IN_ORDER
#endif

#define OVERTAKE(other) if :: other != me && other >= WIDE && ticket[other] != 0 -> overtaken[other]++; assert(overtaken[other] == 1) :: else fi

inline overtake() {
	if
	:: wants == SLOTS -> OVERTAKE(0); OVERTAKE(1); OVERTAKE(2); OVERTAKE(3)
	:: else
	fi
}

#ifdef BORROW_BUSY
#define BORROW(other) :: atomic { have < wants && other != me && left[JOB(other)] > 0 && !seen[other] -> seen[other] = true; have++ }
#else
#define BORROW(other) :: atomic { have < wants && gated[other] && JOB(other) != JOB(me) && implicit[JOB(other)] == 0 -> implicit[JOB(other)] = me + 1; have++ }
#endif

/* What a launcher besides `me` is at: nothing any more, or it waits for a gate and lent us its slot. */
#define AWAY(other) (other >= LAUNCHERS || other == me || ended_[other] || (gated[other] && implicit[JOB(other)] == me + 1))
#ifdef ALONE_EARLY
#define ALONE true
#else
#define ALONE (AWAY(0) && AWAY(1) && AWAY(2) && AWAY(3))
#endif

proctype Launcher(byte me) {
	byte i, have, tokens, wants;
	bool admitted, works, seen[LAUNCHERS];

	wants = (me < WIDE -> WANTS : 1);
	gated[me] = (wants > 1);
	MAY_DIE;
	if
	:: wants > 1 ->
#ifdef TWO_GATHER
		atomic { gated[me] = false; admitted = true; taken = taken + wants }
#else
		atomic {
			gathering == NOBODY && (taken == 0 || taken + wants <= SLOTS) ->
				gathering = me; admitted = true; gated[me] = false; taken = taken + wants
		}
#endif
	:: else
	fi;
	MAY_DIE;
	/* its first slot */
	atomic { tickets++; ticket[me] = tickets }
	MAY_DIE;
	if
	:: atomic {
		implicit[JOB(me)] == 0 && IN_TURN ->
			assert(!GATHERS_EARLIER(0) && !GATHERS_EARLIER(1) && !GATHERS_EARLIER(2) && !GATHERS_EARLIER(3));
			implicit[JOB(me)] = me + 1;
			have++;
			ticket[me] = 0
	}
	:: atomic {
		pool > 0 ->
			pool--;
			tokens++;
			have++;
			if :: wants == 1 -> ticket[me] = 0 :: else fi
#ifdef STANDS_FIRST
			; if :: wants > 1 -> ticket[me] = 1 :: else fi
#endif
	}
	fi;
	MAY_DIE;
	/* the others */
	do
	:: have == wants -> break
	:: atomic { have < wants && pool > 0 -> pool--; tokens++; have++ }
	:: atomic { have < wants && implicit[JOB(me)] == 0 && IN_TURN -> implicit[JOB(me)] = me + 1; have++; ticket[me] = 0 }
#ifndef NO_BORROW
	BORROW(0)
	BORROW(1)
#if LAUNCHERS > 2
	BORROW(2)
#endif
#if LAUNCHERS > 3
	BORROW(3)
#endif
#endif
#ifndef NO_ALONE
	:: atomic { KEEPS != NOBODY && have < wants && pool == 0 && ALONE -> break }
#endif
	od;
	MAY_DIE;
	atomic {
		if :: gathering == me -> gathering = NOBODY :: else fi;
#ifndef STAYS
		ticket[me] = 0;
#endif
		overtake();
		works = true;
		in_use = in_use + wants;
		assert(in_use <= SLOTS + lent_twice)
	}
	MAY_DIE;
	atomic {
		in_use = in_use - wants;
		works = false;
		pool = pool + tokens;
		tokens = 0;
		unlock_all();
		if :: admitted -> taken = taken - wants :: else fi;
		leave_job()
	}
	goto ended;
killed:
	/* the kernel gives the locks back, and kills the tool; the ledger keeps the tokens */
	atomic {
		if :: works -> in_use = in_use - wants :: else fi;
		lost[me] = tokens;
		gated[me] = false;
#ifndef DIES_THERE
		ticket[me] = 0;
#endif
		if :: gathering == me -> gathering = NOBODY :: else fi;
		if :: admitted -> taken = taken - wants :: else fi;
		unlock_all();
		leave_job()
	}
ended:
	atomic { ended_[me] = true; over++ }
}

/* Whoever looks for dead launchers. */
proctype Reclaimer() {
end:
	do
#ifndef NO_RECLAIM
	:: atomic { (lost[0] > 0) -> pool = pool + lost[0]; lost[0] = 0 }
#if LAUNCHERS > 1
	:: atomic { (lost[1] > 0) -> pool = pool + lost[1]; lost[1] = 0 }
#endif
#if LAUNCHERS > 2
	:: atomic { (lost[2] > 0) -> pool = pool + lost[2]; lost[2] = 0 }
#endif
#if LAUNCHERS > 3
	:: atomic { (lost[3] > 0) -> pool = pool + lost[3]; lost[3] = 0 }
#endif
#endif
	:: over == LAUNCHERS && pool == SLOTS - (JOBS == SCRIPT || KEEPS != NOBODY -> 1 : 0) -> break
	od
}

/* When all is over all slots are free: else it waits for ever. */
proctype Audit() {
	over == LAUNCHERS;
	pool == SLOTS - (JOBS == SCRIPT || KEEPS != NOBODY -> 1 : 0);
	assert(ticket[0] == 0 && ticket[1] == 0 && ticket[2] == 0 && ticket[3] == 0);
	assert(in_use == 0 && taken == 0 && gathering == NOBODY && lent_twice == 0)
}

init {
	byte i;

	atomic {
		do
		:: i == LAUNCHERS -> break
		:: else -> left[JOB(i)]++; i++
		od;
		i = 0;
		do
		:: i == LAUNCHERS -> break
		:: else -> run Launcher(i); i++
		od;
		run Reclaimer();
		run Audit()
	}
}
