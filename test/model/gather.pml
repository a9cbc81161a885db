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
 * KEEPS is the job whose slot its client does not put back, but keeps for what it starts next, as ninja does. Who gathers and
 * finds nobody at work goes on as if it had all.
 *
 * What holds: never more than SLOTS slots are in use; everybody has its turn; in the end all slots are free. When a run
 * whose slot is lent is killed at its gate, make takes that slot for free: then there is one more in use until the
 * borrower ends, and no more than that.
 *
 * Each mutant must be refuted: TWO_GATHER (the gate lets everybody gather), NO_BORROW, BORROW_BUSY (also from jobs
 * whose run is past the gate, without taking their lock), NO_RECLAIM, NO_ALONE (it waits for the slot that is kept),
 * ALONE_EARLY (it goes on while others are at work).
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

#ifdef BORROW_BUSY
#define BORROW(other) :: atomic { have < wants && other != me && left[JOB(other)] > 0 && !seen[other] -> seen[other] = true; have++ }
#else
#define BORROW(other) :: atomic { have < wants && gated[other] && implicit[JOB(other)] == 0 -> implicit[JOB(other)] = me + 1; have++ }
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
	if
	:: atomic { implicit[JOB(me)] == 0 -> implicit[JOB(me)] = me + 1; have++ }
	:: atomic { pool > 0 -> pool--; tokens++; have++ }
	fi;
	MAY_DIE;
	/* the others */
	do
	:: have == wants -> break
	:: atomic { have < wants && pool > 0 -> pool--; tokens++; have++ }
	:: atomic { have < wants && implicit[JOB(me)] == 0 -> implicit[JOB(me)] = me + 1; have++ }
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
