/**
 * Loaded before a test file by `node --import`: as the file ends it writes how many seconds of CPU it took, with all the
 * processes that it has waited for, to the file that JOBSHIM_TEST_SPENT names.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'

const ticksPerSecond = 100 // USER_HZ, on every architecture of ours

function spentSeconds(): number {
  const stat = readFileSync('/proc/self/stat', 'latin1')
  const times = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 15) // utime, stime, cutime, cstime
  return times.reduce((sum, ticks) => sum + Number(ticks), 0) / ticksPerSecond
}

const file = process.env.JOBSHIM_TEST_SPENT
if (file !== undefined && isMainThread) process.on('exit', () => writeFileSync(file, String(spentSeconds())))
