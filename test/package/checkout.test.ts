/** README, followed to the letter from a checkout. A path stands for the URL of its clone; `npm ci` copies what had been fetched. */
import { blockOf } from '../support/documents.js'
import { test, testWith } from '../support/test-with.js'
import { type Line, mayType, nothingLeft, remember, type Typist, typeAll } from './typing.js'
import { completes, useIt } from './use.js'

const prefix = blockOf('README.md', 'npm config set prefix')
const tryIt = blockOf('README.md', 'npm ci && npm run build')
const completion = blockOf('README.md', 'mkdir -p ~/.local/share/bash-completion')
const update = blockOf('README.md', 'git pull && npm ci')
const uninstall = blockOf('README.md', 'jobshim uninstall && npm')
const [, works = ''] = blockOf('README.md', 'npm install --global ./jobshim-0.1.0.tgz\n').split('\n')

/** `zsh`'s line is root's: who is none writes to a directory of his own. */
const completionOf = (by: Typist): string =>
  by === 'root' ? completion : completion.split('\n').slice(0, -1).join('\n')

/** What is not jobshim's to remove: what its typist has made, and npm's cache. */
const theirs = `rm -rf project jobshim origin .npm
rm -f ~/.local/share/bash-completion/completions/jobshim ~/.config/fish/completions/jobshim.fish`

const linesOf = (by: Typist): Line[] => {
  const type = (text: string, more: Partial<Line> = {}): Line => ({ by, text, ...more })
  const own = by === 'root' ? [] : [type(prefix)]
  return [
    ...own,
    type('git clone -q origin jobshim'),
    remember,
    type(tryIt, { at: 'jobshim', says: /^jobshim: 26 tools ran, at most 2 at once \(limit 2\)/m }),
    type('npm install --global .', { at: 'jobshim' }),
    type(works, { at: 'project', says: /gcc|cc/ }),
    type('jobshim --version', { says: /^0\.1\.0$/m }),
    type(completionOf(by)),
    ...completes(by).filter((_, index) => by === 'root' || index !== 1),
    ...useIt(by),
    type(update, { at: 'jobshim' }),
    type(works, { at: 'project', says: /gcc|cc/ }),
    type(uninstall),
    type(theirs),
    ...(by === 'root' ? [type('rm /usr/local/share/zsh/site-functions/_jobshim')] : []),
    nothingLeft,
  ]
}

for (const by of ['a user', 'root'] as const)
  testWith(
    ['bash', 'bashCompletion', 'zsh', 'fish', 'mandoc'],
    `package :: README :: from a checkout, to the letter :: as ${by}`,
    () => typeAll(linesOf(by)),
    { may: mayType },
  )

test.run()
