import { Failure } from '../ground/failure.js'

/** Throws `Failure` for a shim dir that PATH can't have: a colon parts its directories, and nothing stands for one. */
export function assertPathEntry(dir: string): void {
  if (dir.includes(':'))
    throw new Failure(
      `${dir}: has a colon in its path, so PATH can't name it`,
      'name a directory without one, with --dir, JOBSHIM_DIR or dir in the config',
    )
}
