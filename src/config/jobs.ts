/** How many jobs `jobs: auto` means. Pure. */

/** What there is to go by. */
export type JobSources = {
  engine?: number | undefined // slots of what runs the compilers, here and on other machines
  makeopts: string | undefined // MAKEOPTS of the environment, where Gentoo has what make is to be called with
  cores: number
}

/** Returns the number of jobs where nobody named one: that of the engine or of MAKEOPTS, else one for each core. */
export const automaticJobs = ({ engine, makeopts = '', cores }: JobSources): number =>
  engine ?? jobsIn(makeopts) ?? cores

// As make reads it: the last one counts, the number may be a word of its own. `-j` alone is no number.
function jobsIn(makeopts: string): number | undefined {
  const option = /(?:^|\s)(?:-[bBdeikLmnpqrRsStvw]*j|--jobs(?:=|(?=\s)))\s*([1-9]\d{0,8})(?=\s|$)/g
  const last = [...makeopts.matchAll(option)].at(-1)
  return last === undefined ? undefined : Number(last[1])
}
