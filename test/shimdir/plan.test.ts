import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  type Entry,
  type Found,
  planAdditions,
  planInstall,
  planRenewal,
  planUninstall,
} from '../../src/shimdir/plan.js'

/** A shim dir as the planner sees it: `ours`, `foreign` and `lost` (in the manifest, gone) names. */
function there(
  state: {
    ours?: string[]
    old?: string[]
    foreign?: string[]
    lost?: string[]
    unknown?: string[]
  } & Partial<Found>,
): Found {
  const { ours = [], old = [], foreign = [], lost = [], unknown = [], ...rest } = state
  const entry = (name: string): Entry => {
    if ([...ours, ...unknown].includes(name)) return { kind: 'shim' }
    if (old.includes(name)) return { kind: 'old shim' }
    return foreign.includes(name) ? { kind: 'foreign' } : { kind: 'nothing' }
  }
  return {
    known: [...ours, ...old, ...lost],
    pending: [],
    madeByThisVersion: true,
    entry,
    toolFile: name => (ours.includes(name) ? `family=${name}\n` : ''),
    hasFile: name => ours.includes(name),
    wanted: wish,
    rules: undefined,
    hasCosts: true,
    launcher: 'current',
    ...rest,
  }
}

const wish = 'version=1\n'
const rules = (text: string) => ({ wish, rules: text })
const noRules = rules('')

const wanted = (...names: string[]) => names.map(name => ({ name, toolFile: `family=${name}\n` }))

test('plan :: install :: first time :: manifest before launcher before links', () => {
  assert.equal(
    planInstall(
      wanted('cc', 'ld'),
      noRules,
      there({ launcher: 'missing', madeByThisVersion: false, hasCosts: false, wanted: undefined }),
    ),
    {
      kind: 'ready',
      actions: [
        { kind: 'write manifest', names: ['cc', 'ld'], pending: ['cc', 'ld'] },
        { kind: 'copy launcher' },
        { kind: 'make costs' },
        { kind: 'write wanted', text: wish },
        { kind: 'write tool file', name: 'cc', text: 'family=cc\n' },
        { kind: 'write tool file', name: 'ld', text: 'family=ld\n' },
        { kind: 'fill files' },
        { kind: 'add link', name: 'cc' },
        { kind: 'add link', name: 'ld' },
        { kind: 'write manifest', names: ['cc', 'ld'] },
      ],
      added: ['cc', 'ld'],
      removed: [],
      kept: [],
      leftAlone: [],
    },
  )
})

test('plan :: install :: second time :: nothing to do', () => {
  assert.equal(planInstall(wanted('cc'), noRules, there({ ours: ['cc'] })), {
    kind: 'ready',
    actions: [{ kind: 'fill files' }], // where a tool was replaced
    added: [],
    removed: [],
    kept: ['cc'],
    leftAlone: [],
  })
})

test('plan :: install :: what is no longer wanted goes, and leaves the manifest last', () => {
  assert.equal(planInstall(wanted('cc'), noRules, there({ ours: ['cc', 'ld'] })), {
    kind: 'ready',
    actions: [
      { kind: 'fill files' },
      { kind: 'remove link', name: 'ld' },
      { kind: 'remove file', name: 'ld' },
      { kind: 'remove tool file', name: 'ld' },
      { kind: 'write manifest', names: ['cc'] },
    ],
    added: [],
    removed: ['ld'],
    kept: ['cc'],
    leftAlone: [],
  })
})

test('plan :: install :: a link of ours that was lost comes back', () => {
  const plan = planInstall(wanted('cc'), noRules, there({ lost: ['cc'], toolFile: () => 'family=cc\n' }))
  assert.equal(plan.kind === 'ready' ? plan.actions : plan, [
    { kind: 'fill files' },
    { kind: 'add link', name: 'cc' },
  ])
})

test('plan :: install :: a right link that no manifest knows is taken over', () => {
  const plan = planInstall(wanted('cc'), noRules, there({ unknown: ['cc'], toolFile: () => 'family=cc\n' }))
  assert.equal(plan.kind === 'ready' ? plan.actions : plan, [
    { kind: 'write manifest', names: ['cc'], pending: ['cc'] },
    { kind: 'fill files' },
    { kind: 'write manifest', names: ['cc'] },
  ])
})

test('plan :: install :: what was begun and not ended is made whole', () => {
  const half = there({ lost: ['cc', 'ld'], pending: ['cc', 'ld'], unknown: ['cc'] })
  const plan = planInstall(wanted('cc'), noRules, half)
  assert.equal(plan.kind === 'ready' ? plan.actions : plan, [
    { kind: 'write tool file', name: 'cc', text: 'family=cc\n' },
    { kind: 'fill files' },
    { kind: 'write manifest', names: ['cc'] },
  ])
})

test('plan :: install :: foreign files in the way block everything', () => {
  assert.equal(
    planInstall(wanted('as', 'cc', 'ld'), noRules, there({ ours: ['cc'], foreign: ['as', 'ld'] })),
    {
      kind: 'blocked',
      by: ['as', 'ld'],
    },
  )
})

test('plan :: install :: a name that is foreign now and no longer wanted is left alone and forgotten', () => {
  const plan = planInstall(wanted('cc'), noRules, there({ ours: ['cc'], lost: ['ld'], foreign: ['ld'] }))
  assert.equal(plan, {
    kind: 'ready',
    actions: [{ kind: 'fill files' }, { kind: 'write manifest', names: ['cc'] }],
    added: [],
    removed: [],
    kept: ['cc'],
    leftAlone: ['ld'],
  })
})

test('plan :: install :: another version :: launcher and manifest are renewed', () => {
  const plan = planInstall(
    wanted('cc'),
    noRules,
    there({ ours: ['cc'], launcher: 'other', madeByThisVersion: false }),
  )
  assert.equal(plan.kind === 'ready' ? plan.actions : plan, [
    { kind: 'copy launcher' },
    { kind: 'fill files' },
    { kind: 'write manifest', names: ['cc'] },
  ])
})

test('plan :: install :: tool files change with the config, and go where none is wanted', () => {
  const plan = planInstall(
    [
      { name: 'cc', toolFile: 'family=cc\npatience=3\n' },
      { name: 'ld', toolFile: '' },
    ],
    noRules,
    there({ ours: ['cc', 'ld'] }),
  )
  assert.equal(plan.kind === 'ready' ? plan.actions : plan, [
    { kind: 'write tool file', name: 'cc', text: 'family=cc\npatience=3\n' },
    { kind: 'remove tool file', name: 'ld' },
    { kind: 'fill files' },
  ])
})

const kinds = (plan: ReturnType<typeof planInstall>): string[] =>
  plan.kind === 'ready' ? plan.actions.map(({ kind }) => kind) : [plan.kind]

const ruled = [{ name: 'cc', toolFile: 'family=cc\nrules=1\n' }]

test('plan :: install :: rules :: are there before a tool file names them', () => {
  const plan = planInstall(ruled, rules('load=4.00\n'), there({ ours: ['cc'] }))
  assert.equal(plan.kind === 'ready' ? plan.actions : plan, [
    { kind: 'write rules', text: 'load=4.00\n' },
    { kind: 'write tool file', name: 'cc', text: 'family=cc\nrules=1\n' },
    { kind: 'fill files' },
  ])
})

test('plan :: install :: rules :: go once no tool file names them', () => {
  const before = there({ ours: ['cc'], toolFile: () => 'family=cc\nrules=1\n', rules: 'load=4.00\n' })
  assert.equal(kinds(planInstall(wanted('cc'), noRules, before)), [
    'write tool file',
    'fill files',
    'remove rules',
  ])
})

test('plan :: install :: rules :: change by themselves, and not where they are the same', () => {
  const before = there({ ours: ['cc'], toolFile: () => 'family=cc\nrules=1\n', rules: 'load=4.00\n' })
  assert.equal(kinds(planInstall(ruled, rules('load=4.00\n'), before)), ['fill files'])
  assert.equal(kinds(planInstall(ruled, rules('load=5.00\n'), before)), ['write rules', 'fill files'])
})

test('plan :: install :: an empty file of rules goes too', () => {
  assert.equal(kinds(planInstall(wanted('cc'), noRules, there({ ours: ['cc'], rules: '' }))), [
    'fill files',
    'remove rules',
  ])
})

test('plan :: install :: the directory for costs comes back', () => {
  assert.equal(kinds(planInstall(wanted('cc'), noRules, there({ ours: ['cc'], hasCosts: false }))), [
    'make costs',
    'fill files',
  ])
})

test('plan :: install :: shims of an older version are led to files of their own', () => {
  const plan = planInstall(wanted('cc', 'ld'), noRules, there({ ours: ['cc'], old: ['ld', 'go'] }))
  assert.equal(plan.kind === 'ready' ? plan.actions : plan, [
    { kind: 'write tool file', name: 'ld', text: 'family=ld\n' },
    { kind: 'fill files' },
    { kind: 'renew link', name: 'ld' },
    { kind: 'remove link', name: 'go' },
    { kind: 'write manifest', names: ['cc', 'ld'] },
  ])
})

test('plan :: install :: what is wanted is written down after the rules that it names, and only where it is not so', () => {
  const before = there({ ours: ['cc'], wanted: undefined })
  const after = { wish: 'version=1\nrules=1\n', rules: 'load=4.00\n' }
  const plan = planInstall(wanted('cc'), after, before)
  assert.equal(plan.kind === 'ready' ? plan.actions : plan, [
    { kind: 'write rules', text: after.rules },
    { kind: 'write wanted', text: after.wish },
    { kind: 'fill files' },
  ])
  const again = planInstall(
    wanted('cc'),
    after,
    there({ ours: ['cc'], wanted: after.wish, rules: after.rules }),
  )
  assert.equal(kinds(again), ['fill files'])
})

test('plan :: additions :: manifest before links; what is known or foreign is left as it is', () => {
  const before = there({ ours: ['cc'], lost: ['gcc'], foreign: ['ld'], unknown: ['go'] })
  assert.equal(planAdditions(wanted('cc', 'clang', 'gcc', 'go', 'ld'), before), {
    added: ['clang', 'go'],
    actions: [
      { kind: 'write manifest', names: ['cc', 'gcc', 'clang', 'go'], pending: ['clang', 'go'] },
      { kind: 'write tool file', name: 'clang', text: 'family=clang\n' },
      { kind: 'write tool file', name: 'go', text: 'family=go\n' },
      { kind: 'fill files' },
      { kind: 'add link', name: 'clang' },
      { kind: 'write manifest', names: ['cc', 'gcc', 'clang', 'go'] },
    ],
  })
  assert.equal(planAdditions(wanted('cc', 'ld'), before), { added: [], actions: [] })
})

test('plan :: additions :: of those begun and not ended, what is lacking is made; the others stay so', () => {
  const before = there({ ours: ['cc'], lost: ['go', 'ld'], pending: ['go', 'ld'] })
  assert.equal(planAdditions(wanted('go'), before), {
    added: ['go'],
    actions: [
      { kind: 'write manifest', names: ['cc', 'go', 'ld'], pending: ['ld', 'go'] },
      { kind: 'write tool file', name: 'go', text: 'family=go\n' },
      { kind: 'fill files' },
      { kind: 'add link', name: 'go' },
      { kind: 'write manifest', names: ['cc', 'go', 'ld'], pending: ['ld'] },
    ],
  })
})

const real = (name: string): string => `real=/bin/${name}\n`

test('plan :: renewal :: touches no link that is as it must be', () => {
  assert.equal(planRenewal(there({ ours: ['cc'], toolFile: () => 'family=cc\nreal=/x/cc\n' }), real), [
    { kind: 'copy launcher' },
    { kind: 'fill files' },
    { kind: 'write manifest', names: ['cc'] },
  ])
})

test('plan :: renewal :: shims of an older version: their tools are named, then they lead to files of their own', () => {
  assert.equal(planRenewal(there({ old: ['cc'], toolFile: () => 'family=cc\n' }), real), [
    { kind: 'copy launcher' },
    { kind: 'write tool file', name: 'cc', text: 'family=cc\nreal=/bin/cc\n' },
    { kind: 'fill files' },
    { kind: 'renew link', name: 'cc' },
    { kind: 'write manifest', names: ['cc'] },
  ])
})

test('plan :: renewal :: a version that knew no costs gets the directory', () => {
  const before = there({ ours: ['cc'], hasCosts: false, toolFile: () => 'real=\n' })
  assert.equal(planRenewal(before, real), [
    { kind: 'copy launcher' },
    { kind: 'make costs' },
    { kind: 'fill files' },
    { kind: 'write manifest', names: ['cc'] },
  ])
})

test('plan :: uninstall :: what is wanted, rules and costs', () => {
  assert.equal(planUninstall(there({ rules: 'load=4.00\n' })), {
    removed: [],
    actions: [{ kind: 'remove wanted' }, { kind: 'remove rules' }, { kind: 'remove costs' }],
  })
})

test('plan :: uninstall :: only what the manifest knows and the link confirms', () => {
  assert.equal(planUninstall(there({ ours: ['cc'], lost: ['as', 'ld'], foreign: ['ld'], unknown: ['go'] })), {
    removed: ['cc'],
    actions: [
      { kind: 'remove link', name: 'cc' },
      { kind: 'remove file', name: 'cc' },
      { kind: 'remove tool file', name: 'cc' },
      { kind: 'remove wanted' },
      { kind: 'remove costs' },
    ],
  })
})

test.run()
