/*
 * The supervisor of a job sandbox, its successor, PROGRAMS programs that report to it as they start, and `run`, which watches it. The
 * pool has TOKENS.
 *
 * A program stands still in one system call until its notice is answered, or the listener closes (ENOSYS). A signal makes it call again:
 * the old notice is void, and there is a new one. It may be killed at any time; then another program may get its number before the
 * supervisor has seen its end. `run` kills a supervisor that is stopped; the end of `run` continues it, and closes its control. If
 * `run` was killed the supervisor goes on, and the successor continues it. At the end of the build nobody waits any more, and the
 * supervisor ends. The last DAEMONS programs outlive the build. The successor answers once the supervisor has ended, however that was,
 * until no program is left. Its own end closes the listener, if it is the last that has it.
 *
 * What holds:
 *   - no surplus, and the limit, as long as there is a supervisor and a build;
 *   - a program that reports again keeps its place in the line;
 *   - nobody waits for ever, supervisor and successor end after the last program at the latest, and then TOKENS are free (else the audit
 *     waits for ever, which is an invalid end state).
 *
 * Each mutant must be refuted: NO_HEARTBEAT (`run` does not watch), NO_CONTINUE (the end of `run` leaves it stopped), LISTENER_LEAKS
 * (somebody else has the listener open), OLD_NOTICE (it answers the first one, whatever came since), LAST_AGAIN (who reports again goes
 * to the end), KEEPS_DEAD (the slot of one that died before its answer), SAME_NUMBER (a new program takes the place of a dead one of its
 * number), RECLAIM_STOPPED (others take a stopped supervisor for a dead one), DEAF (it does not see that the build is over),
 * WITH_RUN (it takes the end of `run` for that of the build),
 * FORGETS_RECEIVED (the successor answers only what it receives itself), SLEEPS_ON (the end of the supervisor leaves it stopped),
 * LEAVES_ALONE (the supervisor ends without asking whether there is a successor), STAYS (the successor does not see
 * that nobody is left).
 */
#ifndef PROGRAMS
#define PROGRAMS 3
#endif
#ifndef DAEMONS
#define DAEMONS 0
#endif
#ifndef TOKENS
#define TOKENS 1
#endif
#ifndef KILLS
#define KILLS 0
#endif
#ifndef STOPS
#define STOPS 0
#endif
#ifndef SIGNALS
#define SIGNALS 0
#endif
#ifndef REUSES
#define REUSES 0
#endif

#define NONE 0
#define RAISED 1    /* its notice waits to be received */
#define HELD 2      /* the supervisor has it */
#define GOES 3

byte pool = TOKENS;
byte running;
byte kills = KILLS, stops = STOPS, signals = SIGNALS, reuses = REUSES;
byte left = PROGRAMS, built = PROGRAMS - DAEMONS;
bool run_gone, stopped, supervisor_killed, supervisor_gone;
bool successor_stopped, successor_killed, successor_gone;
bool governed = true;         /* the limit holds */

byte call[PROGRAMS];          /* the kernel's */
byte arrived[PROGRAMS];       /* when its process first reported, whatever the supervisor thinks */
bool ran[PROGRAMS];
byte arrivals;

bool known[PROGRAMS];         /* the supervisor's: it has a run of that number, */
byte place[PROGRAMS];         /* which stands there in the line, */
bool slot[PROGRAMS];          /* or has a slot, */
bool may_go[PROGRAMS];        /* and was answered; */
bool ended[PROGRAMS];         /* its pidfd can be read */
bool is_void[PROGRAMS];       /* only in a mutant: the notice that it would answer is an old one */
byte places;
bool recorded[PROGRAMS];      /* the ledger's, under a lock that goes with the supervisor */

inline give_back(one) {
	pool++;
	slot[one] = false;
	recorded[one] = false;
	assert(pool <= TOKENS)
}

inline forget(one) {
	known[one] = false;
	may_go[one] = false;
	ended[one] = false;
	is_void[one] = false;
	place[one] = 0
}

#define HAS_ENDED (supervisor_killed || supervisor_gone)

/* With its last descriptor. */
inline close_listener() {
	i = 0;
	do
	:: i == PROGRAMS -> break
	:: else ->
#ifndef LISTENER_LEAKS
		if :: call[i] != NONE -> call[i] = GOES :: else fi;
#endif
		i++
	od;
	i = 0
}

/* The kernel continues the successor then. */
inline note_end() {
#ifndef SLEEPS_ON
	successor_stopped = false;
#endif
	assert(!successor_killed || supervisor_killed || left == 0); /* who ends of itself leaves nobody without an answer */
	if :: successor_killed -> close_listener() :: else fi
}

inline kill_supervisor() {
	supervisor_killed = true;
	stopped = false;
	governed = false;
	note_end()
}

proctype Program(byte me) {
start:
	atomic {
		ran[me] = false;
		arrived[me] = 0;
		if
#ifndef LISTENER_LEAKS
		:: HAS_ENDED && successor_killed -> call[me] = GOES
#endif
		:: else -> call[me] = RAISED
		fi
	}
	do
	:: atomic { call[me] == GOES -> break }
	:: atomic { call[me] == HELD && signals > 0 -> signals--; call[me] = RAISED }
	:: atomic { call[me] != GOES && kills > 0 -> kills--; goto over }
	od;
	atomic {
		ran[me] = true;
		running++;
		assert(!governed || running <= TOKENS)
	}
	if
	:: atomic { kills > 0 -> kills-- }
	:: true
	fi;
over:
	atomic {
		if :: ran[me] -> running-- :: else fi;
		call[me] = NONE;
		if :: known[me] -> ended[me] = true :: else fi;
		if
		:: reuses > 0 -> reuses--; goto start
		:: true
		fi;
		left--;
		if :: me < PROGRAMS - DAEMONS -> built-- :: else fi
	}
}

inline end(one) {
#ifdef KEEPS_DEAD
	if :: slot[one] && ran[one] -> give_back(one) :: else -> slot[one] = false fi;
#else
	if :: slot[one] -> give_back(one) :: else fi;
#endif
	forget(one)
}

inline answer(one) {
	may_go[one] = true;
	if :: call[one] == HELD && !is_void[one] -> call[one] = GOES :: else fi
}

inline receive(one) {
	call[one] = HELD;
#ifndef SAME_NUMBER
	if :: known[one] && ended[one] -> end(one) :: else fi;
#endif
	if
	:: known[one] && may_go[one] -> call[one] = GOES
	:: known[one] && !may_go[one] ->
#ifdef LAST_AGAIN
		if :: !slot[one] -> places++; place[one] = places :: else fi;
#endif
#ifdef OLD_NOTICE
		is_void[one] = true;
#endif
		skip
	:: else ->
		known[one] = true;
		places++;
		arrivals++;
		place[one] = places;
		arrived[one] = arrivals
	fi
}

/* The first of the line, in `i`. */
inline find_first() {
	i = PROGRAMS;
	j = 0;
	do
	:: j == PROGRAMS -> break
	:: else ->
		if
		:: known[j] && !slot[j] && (i == PROGRAMS || place[j] < place[i]) -> i = j
		:: else
		fi;
		j++
	od;
	j = 0
}

inline take() {
	find_first();
	pool--;
	slot[i] = true;
	recorded[i] = true;
	do
	:: j == PROGRAMS -> break
	:: else ->
		assert(j == i || !known[j] || slot[j] || ended[j] || ended[i] || arrived[i] < arrived[j]);
		j++
	od;
	i = 0;
	j = 0
}

inline let_all_go() {
	do
	:: i == PROGRAMS -> break
	:: else ->
		if :: slot[i] -> give_back(i) :: else fi;
		if :: known[i] -> answer(i); forget(i) :: else fi;
		i++
	od;
	i = 0
}

#define WAITS(one) (known[one] && !slot[one])

#define EVENTS_OF(one) \
	:: atomic { call[one] == RAISED && !over -> receive(one) } \
	:: atomic { call[one] == RAISED && over -> call[one] = GOES } \
	:: atomic { slot[one] && !may_go[one] -> answer(one) } \
	:: atomic { known[one] && ended[one] -> end(one) }

/* One event at a time: a kill, or a stop, may come between any two. */
proctype Supervisor() provided (!stopped && !supervisor_killed) {
	byte i, j;
	bool over;

end_work:
	do
	EVENTS_OF(0)
	EVENTS_OF(1)
#if PROGRAMS > 2
	EVENTS_OF(2)
#endif
	:: atomic { pool > 0 && (WAITS(0) || WAITS(1) || WAITS(PROGRAMS - 1)) -> take() }
#ifndef DEAF
#ifdef WITH_RUN
	:: atomic { run_gone && !over -> over = true; let_all_go() }
#else
	:: atomic { run_gone && built == 0 && !over -> over = true; governed = false; let_all_go() }
#endif
#endif
#ifdef LEAVES_ALONE
	:: atomic { over -> supervisor_gone = true; note_end(); break }
#else
	:: atomic { over && !successor_killed -> supervisor_gone = true; note_end(); break }
#endif
	:: atomic { over && left == 0 -> supervisor_gone = true; note_end(); break }
	od
}

/* It may be killed, or stopped as long as nobody continues it. */
proctype Successor() provided (!successor_stopped && !successor_killed) {
	byte i;

end_watch:
	do
#ifndef NO_CONTINUE
	:: atomic { run_gone && stopped -> stopped = false }
#endif
	:: atomic { HAS_ENDED -> break }
	od;
end_begin:
	atomic {
		true;
#ifndef FORGETS_RECEIVED
		do
		:: i == PROGRAMS -> break
		:: else ->
			if :: call[i] == HELD -> call[i] = GOES :: else fi;
			i++
		od
#endif
	}
end_answer:
	do
	:: atomic { call[0] == RAISED -> call[0] = GOES }
	:: atomic { call[1] == RAISED -> call[1] = GOES }
#if PROGRAMS > 2
	:: atomic { call[2] == RAISED -> call[2] = GOES }
#endif
#ifndef STAYS
	:: atomic { left == 0 -> successor_gone = true; break }
#endif
	od
}

/* Killed at any time, too. */
proctype Run() {
	byte i;

	do
#ifndef NO_HEARTBEAT
	:: atomic { stopped -> kill_supervisor() }
#endif
	:: atomic { kills > 0 -> kills--; break }
	:: atomic { built == 0 -> break }
	od;
	atomic {
		run_gone = true;
#ifndef NO_CONTINUE
		stopped = false
#endif
	}
}

/* Kills the supervisor, or its successor; stops them, and continues the supervisor or not. It does not stop one that nobody is left to
 * continue: that one has to be continued from outside. */
proctype Chance() {
	byte i;
	bool continues;

end_chance:
	do
	:: atomic { kills > 0 && !HAS_ENDED -> kills--; kill_supervisor() }
	:: atomic { kills > 0 && !successor_killed && !successor_gone && !(run_gone && stopped) ->
		kills--;
		successor_killed = true;
		if :: HAS_ENDED -> close_listener() :: else fi
	}
	:: atomic { stops > 0 && !successor_stopped && !successor_killed && !HAS_ENDED -> stops--; successor_stopped = true }
	:: atomic { stops > 0 && !stopped && !(run_gone && successor_killed) && !HAS_ENDED ->
		stops--;
		stopped = true;
		if :: continues = true :: continues = false fi
	}
	:: atomic { stopped && continues -> stopped = false }
	od
}

/* Somebody else who shares the pool. */
proctype Reclaimer() {
	byte i;

end_reclaim:
	do
#ifdef RECLAIM_STOPPED
	:: atomic { (supervisor_killed || stopped) && (recorded[0] || recorded[1] || recorded[PROGRAMS - 1]) ->
#else
	:: atomic { supervisor_killed && (recorded[0] || recorded[1] || recorded[PROGRAMS - 1]) ->
#endif
		do
		:: i == PROGRAMS -> break
		:: else ->
			if :: recorded[i] -> pool++; recorded[i] = false; assert(pool <= TOKENS) :: else fi;
			i++
		od;
		i = 0
	}
	od
}

init {
	byte i;

	atomic {
		do
		:: i == PROGRAMS -> break
		:: else -> run Program(i); i++
		od;
		run Supervisor();
		run Successor();
		run Run();
		run Chance();
		run Reclaimer()
	}
	/* The audit. */
	left == 0 && run_gone;
	HAS_ENDED;
	successor_killed || successor_gone;
	pool == TOKENS
}
