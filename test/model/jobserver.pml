/*
 * Launchers, a client, reclaim and the census on one jobserver; each of them may be killed between any two steps.
 *
 * A client (make) has a slot of its own and a pool of TOKENS. The child in its own slot is a shell, below which LAUNCHERS
 * share that job's implicit slot and take tokens beyond it. For a further child, a shim, the client takes a token first.
 *
 * What holds:
 *   - no surplus: the tokens that are free or held by the living are never more than TOKENS;
 *   - the limit: never more than TOKENS tools run with a token, never more than one in the implicit slot;
 *   - no deadlock, and nothing is lost for good: when all is over TOKENS are free (else the audit waits for ever, which is
 *     an invalid end state).
 *
 * Each mutant must be refuted: ALWAYS_TOKEN (a shim takes one although its caller did), RELEASE_BEFORE_RECORD,
 * RECLAIM_UNLOCKED, NO_RECLAIM, NO_CENSUS, CENSUS_MOVING (whatever was written meanwhile), CENSUS_HANDLESS (counts children,
 * not the token in a client's hand), CENSUS_ORPHANLESS (not what a killed client left).
 */
#ifndef TOKENS
#define TOKENS 1
#endif
#ifndef LAUNCHERS
#define LAUNCHERS 2
#endif
#ifndef KILLS
#define KILLS 2
#endif
#ifndef SPURIOUS
#define SPURIOUS 1
#endif

#define FREE 0
#define WAITING 1
#define ACQUIRING 2
#define HELD 3
#define RELEASING 4

byte pool = TOKENS;        /* bytes in the FIFO */
byte writes;               /* into it, which its mtime tells */
byte kills = KILLS;        /* yet to come */

byte state[LAUNCHERS];     /* the ledger's records ... */
bool stored[LAUNCHERS];    /* ... with the byte that the kernel stored ... */
bool locked[LAUNCHERS];    /* ... and the locks, which the kernel takes back */
bool implicit_taken;

bool client_alive = true;
byte children;             /* of the client with a token, which live on when it is killed */

byte held;                 /* tokens that somebody living has, whatever is written down */
byte with_token, with_implicit;
byte running = LAUNCHERS;  /* launchers that are not over */

inline check() {
	assert(pool + held <= TOKENS);
	assert(with_token <= TOKENS);
	assert(with_implicit <= 1)
}

#define MAY_DIE if :: atomic { kills > 0 -> kills--; goto killed } :: true fi

inline give_back() {
	atomic { pool++; writes++; held--; has_token = false; check() }
}

proctype Launcher(byte me) {
	bool has_token, has_implicit, runs;

	atomic { locked[me] = true; state[me] = WAITING }
again:
	MAY_DIE;
	if
	:: atomic { !implicit_taken -> implicit_taken = true; has_implicit = true }
		MAY_DIE;
		state[me] = HELD
	:: pool > 0 ->
		state[me] = ACQUIRING;
		MAY_DIE;
		/* One system call takes the byte from the pipe and stores it in the record. */
		if
		:: atomic { pool > 0 -> pool--; stored[me] = true; held++; has_token = true; check() }
			MAY_DIE;
			state[me] = HELD
		:: atomic { pool == 0 -> state[me] = WAITING } goto again
		fi
	fi;
	MAY_DIE;
	atomic {
		runs = true;
		if :: has_token -> with_token++ :: else -> with_implicit++ fi;
		check()
	}
	MAY_DIE;
	atomic {
		runs = false;
		if :: has_token -> with_token-- :: else -> with_implicit-- fi
	}
	MAY_DIE;
	if
	:: has_token ->
#ifdef RELEASE_BEFORE_RECORD
		give_back();
		MAY_DIE;
		state[me] = RELEASING
#else
		state[me] = RELEASING;
		MAY_DIE;
		give_back()
#endif
	:: else
	fi;
	MAY_DIE;
	atomic { state[me] = FREE; stored[me] = false }
killed:
	/* The kernel's part: locks are taken back, and the tool dies with its launcher. */
	atomic {
		if :: runs && has_token -> with_token-- :: runs && !has_token -> with_implicit-- :: else fi;
		if :: has_token -> held-- :: else fi;
		if :: has_implicit -> implicit_taken = false :: else fi;
		locked[me] = false;
		running--
	}
}

/* Whoever looks for the dead: the keeper of a queue, a launcher at its end, the server. */
inline reclaim(at) {
	if
	:: stored[at] && (state[at] == HELD || state[at] == ACQUIRING) ->
		state[at] = RELEASING;
		if
		:: atomic { kills > 0 -> kills--; locked[at] = false } /* killed: this token waits for the census */
		:: atomic { pool++; writes++; check() }
			atomic { state[at] = FREE; stored[at] = false; locked[at] = false }
		fi
	:: else -> atomic { state[at] = FREE; stored[at] = false; locked[at] = false }
	fi
}

#ifdef RECLAIM_UNLOCKED
#define MAY_RECLAIM(at) (state[at] != FREE)
#else
#define MAY_RECLAIM(at) (state[at] != FREE && !locked[at])
#endif

proctype Reclaimer() {
end:
	do
	:: atomic { MAY_RECLAIM(0) -> locked[0] = true } reclaim(0)
#if LAUNCHERS > 1
	:: atomic { MAY_RECLAIM(1) -> locked[1] = true } reclaim(1)
#endif
#if LAUNCHERS > 2
	:: atomic { MAY_RECLAIM(2) -> locked[2] = true } reclaim(2)
#endif
	od
}

/* A further child of the client, in the slot that was paid for; a shim that finds that out. */
proctype Child() {
#ifdef ALWAYS_TOKEN
	atomic { pool > 0 -> pool--; held++ }
#endif
	atomic { with_token++; check() }
	atomic { with_token--; children-- }
#ifdef ALWAYS_TOKEN
	atomic { pool++; writes++; held-- }
#endif
}

proctype Client() {
	bool has_token;

	MAY_DIE;
	if
	:: atomic { pool > 0 -> pool--; held++; has_token = true; check() }
		MAY_DIE;
		atomic { children++; run Child() }
		MAY_DIE;
		children == 0; /* it has been reaped */
		MAY_DIE;
		give_back()
	:: true
	fi;
killed:
	/* Its token is held by what it has started, as long as that lives; then by nobody. */
	atomic {
		client_alive = false;
		if :: has_token -> held-- :: else fi
	}
}

#define MAY_HOLD(at) (state[at] == RELEASING || state[at] == ACQUIRING || state[at] == HELD && stored[at])

/* One look, step by step; seen is the most that the living may hold. */
inline look() {
	free_then = pool;
	seen = 0;
	if :: MAY_HOLD(0) -> seen++ :: else fi;
#if LAUNCHERS > 1
	if :: MAY_HOLD(1) -> seen++ :: else fi;
#endif
#if LAUNCHERS > 2
	if :: MAY_HOLD(2) -> seen++ :: else fi;
#endif
	if
#ifndef CENSUS_HANDLESS
	:: atomic { client_alive -> seen = seen + children + 1 }
#else
	:: atomic { client_alive -> seen = seen + children }
#endif
#ifndef CENSUS_ORPHANLESS
	:: atomic { !client_alive -> seen = seen + children }
#else
	:: !client_alive
#endif
	fi
}

#if LAUNCHERS > 2
#define RECORDS (MAY_HOLD(0) + MAY_HOLD(1) + MAY_HOLD(2))
#elif LAUNCHERS > 1
#define RECORDS (MAY_HOLD(0) + MAY_HOLD(1))
#else
#define RECORDS MAY_HOLD(0)
#endif
#define IS_LOST (pool + RECORDS + children + (client_alive -> 1 : 0) < TOKENS)

/* It looks at any time, SPURIOUS times; and whenever something is lost, so that it is no endless loop: a deadlock shows. */
proctype Census() {
	byte free_then, seen, free_first, seen_first, writes_first, spurious = SPURIOUS;
	bool sure;

end:
	do
	:: atomic { IS_LOST || (pool < TOKENS && spurious > 0) ->
			if :: IS_LOST :: else -> spurious-- fi;
			writes_first = writes }
		look();
		free_first = free_then;
		seen_first = seen;
		look();
		if :: seen_first > seen -> seen = seen_first :: else fi;
#ifdef CENSUS_MOVING
		sure = true;
#else
		sure = (writes == writes_first && pool == free_first && free_then == free_first);
#endif
		atomic {
			if
			:: sure && free_then + seen < TOKENS -> pool = pool + TOKENS - free_then - seen; writes++; check()
			:: else
			fi;
			free_then = 0; seen = 0; free_first = 0; seen_first = 0; writes_first = 0; sure = false
		}
	od
}

/* All is over: everything must be there again. */
proctype Audit() {
	running == 0 && !client_alive && children == 0;
	pool == TOKENS
}

init {
	atomic {
		byte at;
		for (at : 0 .. LAUNCHERS - 1) { run Launcher(at) }
		run Client();
#ifndef NO_RECLAIM
		run Reclaimer();
#endif
#ifndef NO_CENSUS
		run Census();
#endif
		run Audit()
	}
}
