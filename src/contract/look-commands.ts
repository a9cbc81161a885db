/** What `jobshim` and the portage hook have the program beside the launcher do: `look COMMAND WORDS`. */
export type LookCommand = {
  name: string
  words: number // behind it; less than 0: so many or more
  text: string // what it does
}

export const lookCommands = [
  { name: 'jobserver', words: 0, text: 'tell which jobserver a tool started here would use' },
  { name: 'census', words: 0, text: 'count the tokens that are free, and those that clients may hold' },
  { name: 'lost', words: 0, text: 'count the tokens that were lost with killed clients' },
  { name: 'reclaim', words: 0, text: 'give the tokens of dead launchers back' },
  { name: 'ready', words: 0, text: 'tell systemd that the server is ready' },
  { name: 'features', words: 0, text: 'tell how this program was built, and what the kernel has' },
  { name: 'bottom-line', words: 0, text: 'keep the last row of the terminal' },
  { name: 'freshen', words: 0, text: "make the files of all shims, each with its tool's mtime" },
  { name: 'prepare', words: 1, text: "make a pool's FIFO, and tell which jobserver make reads" },
  { name: 'lock', words: 0, text: 'lock the file that is descriptor 3' },
  { name: 'fill', words: 1, text: 'fill the FIFO that stdin is, as MAKEOPTS asks' },
  { name: 'caretaker', words: 0, text: 'look after a pool and the tools of a command, as stdin says' },
  { name: 'start', words: -3, text: 'start a program, and end as it does' },
  { name: 'bypass', words: 1, text: 'print the tools below a process that take no slot' },
] as const satisfies readonly LookCommand[]

export type LookCommandName = (typeof lookCommands)[number]['name']
