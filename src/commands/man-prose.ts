/** The parts of the man page that no table has, in mdoc(7). */

export const date = 'November 30, 2026' // of the last change to these words

export const description = String.raw`.Nm
makes build tools obey one limit of jobs.
Programs that never heard of the jobserver of GNU
.Xr make 1
(a script that starts all its compilers at once,
.Xr xargs 1
with
.Fl P ,
a Makefile with
.Fl j Ns 64
written into it) take a slot for every compiler and linker they start, and
share the slots with make, ninja, cargo and the link-time optimisation of gcc.
.Pp
It installs a directory of symbolic links, the
.Em shims :
.Pa cc ,
.Pa g++ ,
.Pa rustc ,
.Pa ld
and so on.
They stand first on
.Ev PATH .
A shim finds the real tool behind itself, takes a slot, runs the tool with the
same arguments, descriptors, signals and terminal, gives the slot back, and ends
as the tool did.
.Bl -bullet
.It
If the caller is a client of the jobserver, as make, ninja and cargo are, it
has taken the slot already: the shim becomes the tool.
.It
Else the first tool of a job runs in the job's own slot, and every further one
takes a token.
.It
What a killed shim or client held is put back.
.It
Calls that do no work, such as
.Ql gcc \-\-version ,
take nothing.
.It
Without a jobserver the tool runs as ever.
.El
.Pp
A jobserver is made by
.Nm Cm run
for one build, by
.Nm Cm serve
for several, or by
.Ql make \-j .`

export const commonOptionsHead = `The section of each command names those that it takes.`

export const configurationHead = `Settings are read from
.Pa .jobshimrc
(JSON or YAML),
.Pa .jobshimrc.json ,
.Pa .jobshimrc.yaml ,
.Pa .jobshimrc.yml
or the key
.Ql jobshim
of
.Pa package.json ,
whichever is found first from the working directory upward.
What that one does not say, the one in the home directory says.
A flag wins over the environment, and that over these.`

export const rulesHead = String.raw`.Bd -literal -offset indent
jobs: auto
load: 1.5x
rules:
  - { kind: link, tokens: 4, memory: 6G }
  - { tools: [rustc], memory: 2G }
  - { kind: link, limit: 2 }
  - { package: \(dqdev\-qt/qtwebengine\(dq, kind: compile, memory: 3G }
.Ed
.Pp
A rule is for the runs of tools that meet all its conditions, and says what such
a run may cost.
If several rules set the same thing, the last one counts.`

export const otherVariables = `These belong to others:
.Bl -tag -width Ds
.It Ev MAKEFLAGS , Ev CARGO_MAKEFLAGS
where the jobserver is.
.It Ev MAKEOPTS
its
.Fl j Ns Ar N
is the number of jobs if nothing else says it.
.It Ev PATH
where the real tools are.
.It Ev XDG_DATA_HOME , Ev XDG_RUNTIME_DIR
see
.Sx FILES .
.It Ev NO_COLOR
if it is set and not empty, nothing is coloured; nor is output that goes to no
terminal.
.El`

export const files = String.raw`.Bl -tag -width Ds
.It Pa ${'$'}{XDG_DATA_HOME:\-\(ti/.local/share}/jobshim/shims
the shim dir, if none is named.
Another user's directories are not used.
.It Pa DIR/.jobshim/launcher
the program behind every link of the shim dir
.Pa DIR .
It may stand before a tool, as in
.Ev CCACHE_PREFIX
or
.Ev RUSTC_WRAPPER :
before a path, the name of a tool that has a shim, or
.Li \-\-
and any name.
.It Pa DIR/.jobshim/look
a program that
.Nm
calls for what needs C
.It Pa ${'$'}XDG_RUNTIME_DIR/jobshim\-UID/ , Pa /run/user/UID/jobshim\-UID/ , Pa /tmp/jobshim\-UID/
the jobservers of
.Nm Cm run ,
and what launchers know of each other: the first of these that can be.
.Ev XDG_RUNTIME_DIR
counts as none if it
has a blank, a backslash or a dollar, which not all clients can read in an address,
or is another user's;
.Pa /run/user/UID
does if it is not yours alone.
All lie in
.Pa jobshim\-UID\-*
if another user has taken the name.
.It Pa /usr/lib/jobshim , /etc/portage/env/jobshim.conf , /etc/portage/env/jobshim-sandbox.conf
what
.Nm Cm portage install
makes, with one marked line in
.Pa /etc/portage/bashrc .
.It Pa ${'$'}{XDG_DATA_HOME:\-\(ti/.local/share}/jobshim/setup.json
what
.Nm Cm setup
has made, for
.Fl \-undo .
.El`

export const exitStatusHead = `.Nm Cm run ,
.Nm Cm exec
and the shims end with the status of the command, or of the signal that it died
of.
Else it is one of these:`

export const seeAlso = String.raw`.Xr ccache 1 ,
.Xr distcc 1 ,
.Xr make 1 ,
.Xr ninja 1
.Pp
The package's
.Pa README.md
and
.Pa docs :
.Pa protocol.md
tells how it works,
.Pa json.md
what
.Fl \-json
prints,
.Pa gentoo.md , debian.md , wheels.md , ci.md
and
.Pa containers.md
how it is used there.`

export const caveats = `A tool that is called by its absolute path goes past its shim.
.Xr clang 1
and rustc find
.Xr ld 1
by themselves.
.Pp
The links of ccache must stand behind the shims on
.Ev PATH .
.Pp
A make without
.Fl j
below
.Nm Cm run
joins the pool and so runs in parallel: a Makefile that can't may break.
.Pp
A tree that was configured with the shims on
.Ev PATH
has their paths in it: configure it anew after
.Nm Cm uninstall .
.Pp
If two tools of one job wait for each other, the second one runs without a
slot after
.Ic patience ;
it says so, and the summary counts it.`
