/** How many jobs `jobs: auto` means. Pure. */
import { jobsWanted, readMakeFlags } from '../jobserver/make-flags.js'

/** What there is to go by. */
export type JobSources = {
  engine?: number | undefined // slots of what runs the compilers, here and on other machines
  makeopts: string | undefined // MAKEOPTS of the environment, where Gentoo has what make is to be called with
  cores: number
}

/** Returns the number of jobs where nobody named one: that of the engine or of MAKEOPTS, else one for each core. */
export const automaticJobs = ({ engine, makeopts = '', cores }: JobSources): number =>
  engine ?? jobsIn(makeopts) ?? cores

// -j alone asks for no number. One that is too large is refused with those of others, once a pool is made (jobserver/fifo.ts).
function jobsIn(makeopts: string): number | undefined {
  const jobs = jobsWanted(readMakeFlags(makeopts, 'a command line'))
  return jobs === Number.POSITIVE_INFINITY ? undefined : jobs
}
