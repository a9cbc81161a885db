/** Which build of a journal is meant. */
import { Failure } from '../ground/failure.js'
import { grouped } from '../timeline/amounts.js'
import { type Build, buildsOf, togetherOf } from '../timeline/builds.js'
import type { Journal, Skipped } from '../timeline/read.js'

/** `number`: which of `builds`, from 1 on; undefined: all of them. */
export type Choice = { build: Build; number: number | undefined; builds: number }

/** Which build, by what option; undefined: the last one. `orAll`: --all could stand in its place. */
export type Wish = { which: number | 'all' | undefined; by: '--run' | '--run-now'; orAll: boolean }

/** Throws `Failure` where there is no such build, or where no tool ran in it. */
export function choose({ events, skipped }: Journal, file: string, wish: Wish): Choice {
  const builds = buildsOf(events)
  if (builds.length === 0) throw noBuild(file, skipped)
  const number = wish.which === 'all' ? undefined : (wish.which ?? builds.length)
  const build = number === undefined ? togetherOf(builds) : builds[number - 1]
  if (!build)
    throw new Failure(
      `${file}: has ${counted(builds.length, 'build')}, not ${number}`,
      builds.length === 1
        ? `leave ${wish.by} out`
        : `${wish.by} takes 1 to ${builds.length}${wish.orAll ? '; --all draws all' : ''}`,
    )
  if (build.tools.length === 0 && build.past.length === 0)
    throw new Failure(
      `${file}: no tool ran through a shim${builds.length > 1 ? ` in ${nameOf(number, builds.length)}` : ''}`,
      'jobshim doctor tells why a build is not governed',
    )
  return { build, number, builds: builds.length }
}

function noBuild(file: string, { cut, foreign, otherVersion }: Skipped): Failure {
  if (otherVersion > 0)
    return new Failure(
      `${file}: was written by another version of jobshim`,
      'draw it with the jobshim that wrote it',
    )
  return new Failure(
    cut + foreign > 0 ? `${file}: is not a journal of jobshim` : `${file}: is empty`,
    'jobshim run --journal FILE -- CMD writes one',
  )
}

export const nameOf = (number: number | undefined, builds: number): string =>
  number === undefined ? `all ${builds} builds` : `build ${number} of ${builds}`

export const counted = (count: number, noun: string): string =>
  `${grouped(count)} ${noun}${count === 1 ? '' : 's'}`

/** Returns what was passed over, in words; none where nothing was. */
export function skippedText({ cut, foreign, otherVersion }: Skipped): string[] {
  const reasons = [
    ...(cut > 0 ? [`${cut} cut off`] : []),
    ...(foreign > 0 ? [`${foreign} of other programs`] : []),
    ...(otherVersion > 0 ? [`${otherVersion} of another jobshim`] : []),
  ]
  return reasons.length === 0
    ? []
    : [`${counted(cut + foreign + otherVersion, 'line')} skipped (${reasons.join(', ')})`]
}
