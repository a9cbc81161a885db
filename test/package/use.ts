/** README's table of what one does with jobshim, and its lines for completion: each is typed, however it was installed. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { repository } from '../support/workspace.js'
import type { Line, Typist } from './typing.js'

type Row = {
  typed?: string // what is typed, with what README's line needs around it; %: that line
  says?: RegExp
  status?: number
  elsewhere?: string // which test types it
}

const summary = /^jobshim: \d tools ran, at most \d at once/m
const address = 'until grep -qs fifo: said; do sleep 0.05; done'

/** By what README says, in its order. */
const rows: Readonly<Record<string, Row>> = {
  'jobshim run -j8 -- ./build.sh': { says: summary },
  'jobshim run --sandbox -j8 -- ./build.sh': { says: summary },
  'jobshim install --tools gcc,ld': {
    typed: '%; PATH=~/.local/share/jobshim/shims:$PATH; command -v cc; make -j2',
    says: /\/shims\/cc$/m,
  },
  'jobshim serve --fifo ~/slots -j16': {
    typed: `rm -f said; % >said & ${address}; MAKEFLAGS=$(cat said) cc --version; kill -INT $! || true; wait; cat said`,
    says: /^--jobserver-auth=fifo:\/home\/\w+\/slots$/m,
  },
  'jobshim run --jobserver "fifo:$HOME/slots" -- ./build.sh': {
    typed: `rm -f *.o said; jobshim serve --fifo ~/slots -j16 >said & ${address}; %; kill -TERM $!; wait; ls *.o`,
    says: /^1\.o\n2\.o\n3\.o$/m,
  },
  'jobshim setup': { typed: '% --yes', says: /^set up: / },
  'jobshim setup --undo': {},
  'jobshim status': { typed: 'jobshim run -j8 -- %', says: /of 8/ },
  'jobshim status --watch': { elsewhere: 'commands/status, on a terminal' },
  'jobshim run --journal build.jsonl -- ./build.sh': { says: summary },
  'jobshim timeline build.jsonl': { says: /\S/ },
  'jobshim doctor': { says: /checks? ok/ },
  'jobshim doctor -- make': { says: /\S/ },
  'jobshim portage install': { elsewhere: 'docs/gentoo' },
  'jobshim portage enable CAT/PKG': { elsewhere: 'docs/gentoo' },
  'jobshim portage disable CAT/PKG': { elsewhere: 'docs/gentoo' },
  'jobshim portage uninstall': { elsewhere: 'docs/gentoo' },
  'jobshim portage list': { elsewhere: 'portage/setup' },
  'jobshim portage enable --sandbox CAT/PKG': { elsewhere: 'docs/gentoo' },
  'jobshim exec -- protoc --cpp_out=. a.proto': { says: /^protoc --cpp_out=\. a\.proto$/m },
  'eval "$(jobshim env)"': {
    typed: '%; command -v cc; echo "$CCACHE_PREFIX"',
    says: /\/shims\/cc\n\S+launcher\n/,
  },
  'jobshim env --shell fish | source': { typed: "fish -c '%; command -v cc'", says: /\/shims\/cc\n/ },
  'eval "$(jobshim env --unset)"': {
    typed: 'eval "$(jobshim env)"; %; command -v cc; echo "prefix:$CCACHE_PREFIX"',
    says: /^\/usr\/bin\/cc\nprefix:\n/,
  },
  'jobshim env': { says: /CMAKE_C_COMPILER_LAUNCHER/ },
}

function linesOfReadme(): string[] {
  const readme = readFileSync(join(repository, 'README.md'), 'utf8')
  const section = readme.slice(readme.indexOf('\n## Use it\n')).split('\n## ')[1] ?? ''
  const table = section.split('\n').filter(line => line.startsWith('|'))
  return table.flatMap(line =>
    [...line.matchAll(/`([^`]*jobshim [^`]*)`/g)].map(([, code = '']) => code.replaceAll('\\|', '|')),
  )
}

/** The table's lines, as one after the other types them. */
export function useIt(by: Typist): Line[] {
  const lines = linesOfReadme()
  assert.equal(lines, Object.keys(rows))
  return Object.entries(rows)
    .filter(([, { elsewhere }]) => elsewhere === undefined)
    .map(([line, { typed = '%', ...row }]) => ({
      ...row,
      text: typed.replace('%', () => line),
      by,
      at: 'project',
    }))
}

/** That shells complete a command, and that there is a page. Shells leave files in a home of their own. */
export const completes = (by: Typist): Line[] => [
  {
    by,
    text: `bash --norc -c '. /usr/share/bash-completion/bash_completion
_completion_loader jobshim
COMP_WORDS=(jobshim timel) COMP_CWORD=1 COMP_LINE="jobshim timel" COMP_POINT=13
$(complete -p jobshim | sed "s/.*-F \\([^ ]*\\).*/\\1/") jobshim timel jobshim
echo "\${COMPREPLY[@]}"'`,
    says: /^timeline ?$/m,
  },
  {
    by,
    text: `zsh -f -c 'zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "PS1=; fpath+=(/usr/share/zsh/site-functions); autoload -U compinit; compinit -u -D"
zpty -n -w shell "jobshim timel"$'\\''\\t'\\''
zpty -r shell said "*jobshim timeline*"
echo completed'`,
    says: /^completed$/m,
  },
  {
    by,
    text: `mkdir -p ~/other/fish/completions
[ ! -e ~/.config/fish/completions/jobshim.fish ] || cp ~/.config/fish/completions/jobshim.fish ~/other/fish/completions
XDG_CONFIG_HOME=~/other XDG_DATA_HOME=~/other XDG_CACHE_HOME=~/other fish -c 'complete -C "jobshim timel"'
rm -r ~/other`,
    says: /^timeline\t/m,
  },
  {
    by,
    text: 'mandoc -Tascii "$(dirname "$(command -v jobshim)")/../share/man/man1/jobshim.1"',
    says: /^JOBSHIM\(1\)/m,
  },
]
