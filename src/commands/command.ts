/**
 * What a command is. A command is one file: its name, summary, options and examples stand beside its `run`.
 * `src/main.ts` imports the file of the command in question only.
 */

/** What an option yields: a switch, a text, a whole number from 1 on, or names (`--tools a,b`, may be repeated). */
type OptionValues = { switch: boolean; text: string; number: number; names: readonly string[] }

/** What a shell offers at a place of the command line. Without one it offers nothing. */
export type Completion =
  | { kind: 'choice'; values: readonly string[] } // one of these; of an option that takes names: several
  | { kind: 'command' } // a command with its own arguments, each completed as ever
  | { kind: 'directory' }
  | { kind: 'file' }
  | { kind: 'group' } // of the system
  | { kind: 'jobserver' } // fifo:PATH
  | { kind: 'user' }

export type CommandOption = {
  name: string // long name; `no-x` switches x off and yields `noX`
  letter?: string // `j` for -j
  kind: keyof OptionValues
  value?: string // what --help shows for the value: `N`
  completes?: Completion // its value
  text: string // one line for --help
}

type CamelCase<Name extends string> = Name extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : Name

/** The flags that were given, by the options' camel-cased names. One that was not given is absent. */
export type FlagsOf<Options extends readonly CommandOption[]> = {
  readonly [Row in Options[number] as CamelCase<Row['name']>]?: OptionValues[Row['kind']]
}

export type Call<Flags> = {
  flags: Flags
  operands: readonly string[] // what is not ours: everything from the first operand, or after `--`
  workingDirectory: string
  environment: NodeJS.ProcessEnv
}

export type Example = { line: string; text: string }

type CommandDefinition<Options extends readonly CommandOption[]> = {
  name: string
  summary: string // one line, without a full stop
  operands?: string // as --help shows them (`-- CMD...`); absent = the command takes none
  mixed?: true // options may stand behind operands, too
  completes?: Completion // each operand
  options: Options
  notes?: string // a paragraph for --help
  examples: readonly Example[]
  failure?: number // exit status of a failed command; default exitCodes.failed
  usage?: number // exit status of a wrong command line; default exitCodes.usage

  /** Returns the exit status. Throws `Failure` for what the user can mend. */
  run(call: Call<FlagsOf<Options>>): Promise<number>
}

export type AnyFlags = Readonly<Record<string, OptionValues[keyof OptionValues]>>

export type Command = Omit<CommandDefinition<readonly CommandOption[]>, 'run'> & {
  run(call: Call<AnyFlags>): Promise<number>
}

/** Returns the definition as it is; gives `run` flags of the types its options declare. */
export function command<const Options extends readonly CommandOption[]>(
  definition: CommandDefinition<Options>,
): Command {
  return {
    ...definition,
    // The one place where flags change type: `parseArguments` yields for each row what its kind promises.
    run: call => definition.run({ ...call, flags: call.flags as FlagsOf<Options> }),
  }
}
