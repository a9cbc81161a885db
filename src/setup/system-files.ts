/** What `jobshim setup --system` writes: the service of the machine's pool, and what login shells read. Pure. */
import { join } from 'node:path'
import { systemPool } from '../contract/machine-pool.js'
import { shWord } from '../ground/shell-word.js'
import { shLine } from './shells.js'

/** What starts services. */
export type Init = 'systemd' | 'openrc'

export type SystemPlaces = {
  shims: string
  group: string // says that the group was made by us; not there otherwise
  profile: string
  services: Readonly<Record<Init, string>>
}

const shimsInside = '/usr/lib/jobshim/shims'

/** Returns the paths below `root`. */
export const systemPlaces = (root: string): SystemPlaces => ({
  shims: join(root, shimsInside),
  group: join(root, 'usr/lib/jobshim/group'),
  profile: join(root, 'etc/profile.d/jobshim.sh'),
  services: {
    systemd: join(root, 'etc/systemd/system/jobshim.service'),
    openrc: join(root, 'etc/init.d/jobshim'),
  },
})

/** `node` and `script` are absolute; without `jobs` the server has a slot for each core. */
export type Service = { node: string; script: string; jobs: number | undefined }

/** Returns the words by which the server is started. */
const serveWords = ({ node, script, jobs }: Service): string[] => [
  ...[node, script, 'serve', '--no-config', '--dir', shimsInside],
  ...['--fifo', systemPool.fifo, '--group', systemPool.group],
  ...(jobs === undefined ? [] : [`-j${jobs}`]),
]

/** Returns how it is started by hand. */
export const serveByHand = (service: Service): string =>
  `install -d ${systemPool.directory} && ${serveWords(service).map(shWord).join(' ')}`

/** Returns how many slots a service has by its text; undefined: nobody said. */
export function jobsIn(text: string): number | undefined {
  const [, jobs] = / -j(\d+)['"]?$/m.exec(text) ?? []
  return jobs === undefined ? undefined : Number(jobs)
}

const head = '# Made by jobshim setup --system, and taken back by jobshim setup --system --undo.'

// systemd.service(5): quotes, and what else it would expand.
const unitWord = (word: string): string =>
  `"${word.replace(/[\\"]/g, '\\$&').replaceAll('%', '%%').replaceAll('$', '$$$$')}"`

const unitWords = (words: readonly string[]): string =>
  words.map(word => (/^[\w@+=:,./-]+$/.test(word) ? word : unitWord(word))).join(' ')

const description = 'One limit for all builds of this machine'

const serviceTexts: Readonly<Record<Init, (service: Service) => string>> = {
  systemd: service => `${head}
[Unit]
Description=${description}

[Service]
Type=notify
# What says READY=1 is a child of the server.
NotifyAccess=all
RuntimeDirectory=jobshim
RuntimeDirectoryMode=0755
ExecStart=${unitWords(serveWords(service))}
Restart=on-failure

[Install]
WantedBy=multi-user.target
`,
  openrc: service => {
    const [command = '', ...args] = serveWords(service)
    return `#!/sbin/openrc-run
${head}

description=${shWord(description)}
supervisor=supervise-daemon
command=${shWord(command)}
command_args=${shWord(args.map(shWord).join(' '))}

start_pre() {
	checkpath --directory --mode 0755 ${systemPool.directory}
}
`
  },
}

const modes: Readonly<Record<Init, number>> = { systemd: 0o644, openrc: 0o755 }

/** Returns the file that a login shell reads: the shims are first on PATH. */
const profileText = (): string => `${head}\n${shLine(shimsInside)}\n`

/** Returns the files, with their modes. `makesGroup`: the group is ours to remove. */
export const systemTexts = (
  places: SystemPlaces,
  init: Init,
  service: Service,
  makesGroup: boolean,
): readonly (readonly [path: string, text: string, mode: number])[] => [
  ...(makesGroup ? [[places.group, `${systemPool.group}\n`, 0o644] as const] : []),
  [places.services[init], serviceTexts[init](service), modes[init]],
  [places.profile, profileText(), 0o644],
]

/** Programs that are called: each is tried until one is there. */
export type Step = readonly (readonly [program: string, ...args: string[]])[]

/** What makes the group. */
export const makeGroup: Step = [
  ['groupadd', '--system', systemPool.group],
  ['addgroup', '-S', systemPool.group], // busybox
]

export const removeGroup: Step = [
  ['groupdel', systemPool.group],
  ['delgroup', systemPool.group],
]

/** What starts the service, now and at each boot; if the system is not running, at its next boot. */
export const startSteps = (init: Init, isRunning: boolean): readonly Step[] =>
  init === 'systemd'
    ? [
        ...(isRunning ? [[['systemctl', 'daemon-reload']] as const] : []),
        [['systemctl', 'enable', 'jobshim.service']],
        ...(isRunning ? [[['systemctl', 'restart', 'jobshim.service']] as const] : []),
      ]
    : [
        [['rc-update', 'add', 'jobshim', 'default']],
        ...(isRunning ? [[['rc-service', 'jobshim', 'restart']] as const] : []),
      ]

/** What stops it, before its file is removed. */
export const stopSteps = (init: Init, isRunning: boolean): readonly Step[] =>
  init === 'systemd'
    ? [[['systemctl', 'disable', ...(isRunning ? ['--now'] : []), 'jobshim.service']]]
    : [
        ...(isRunning ? [[['rc-service', 'jobshim', 'stop']] as const] : []),
        [['rc-update', 'del', 'jobshim', 'default']],
      ]

/** What is to be done once it is removed. */
export const forgetSteps = (init: Init, isRunning: boolean): readonly Step[] =>
  init === 'systemd' && isRunning ? [[['systemctl', 'daemon-reload']]] : []
