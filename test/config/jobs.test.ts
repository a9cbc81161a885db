import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { automaticJobs } from '../../src/config/jobs.js'

const cores = 6

const rows: readonly { makeopts: string | undefined; jobs: number }[] = [
  { makeopts: undefined, jobs: cores },
  { makeopts: '', jobs: cores },
  { makeopts: '-j8', jobs: 8 },
  { makeopts: '-j 8', jobs: 8 },
  { makeopts: '--jobs=8', jobs: 8 },
  { makeopts: '--jobs 8', jobs: 8 },
  { makeopts: '-kj8', jobs: 8 },
  { makeopts: '  -j17\t-l16.5 ', jobs: 17 },
  { makeopts: '-l9 --jobs=3', jobs: 3 },
  { makeopts: '-j2 -j5', jobs: 5 },
  { makeopts: '--jobs=5 -j2', jobs: 2 },
  { makeopts: '-j', jobs: cores },
  { makeopts: '-j -l4', jobs: cores },
  { makeopts: '--jobs', jobs: cores },
  { makeopts: '-j0', jobs: cores },
  { makeopts: '-j8x', jobs: cores },
  { makeopts: '-j1.5', jobs: cores },
  { makeopts: '-j1000000000', jobs: 1_000_000_000 },
  { makeopts: '-l8', jobs: cores },
  { makeopts: '-Ij8', jobs: cores },
  { makeopts: 'V=1-j8', jobs: cores },
  { makeopts: '--jobserver-auth=3,4', jobs: cores },
  { makeopts: '--jobs8', jobs: cores },
]

for (const { makeopts, jobs } of rows)
  test(`config :: jobs :: auto, MAKEOPTS ${JSON.stringify(makeopts)}: ${jobs}`, () => {
    assert.is(automaticJobs({ makeopts, cores }), jobs)
  })

test.run()
