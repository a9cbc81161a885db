/** Tests of launchers on a jobserver that keeps an account, in each way to do that. */
import {
  type Accounting,
  accountingModes,
  accountingNeeds,
  assertBalanced,
  startAccounting,
} from '../support/accounting.js'
import type { ClientKey } from '../support/clients.js'
import { testWith } from '../support/test-with.js'
import { until } from '../support/until.js'
import { makeYard, type Yard } from './yard.js'

export function accountingTest(
  title: string,
  tokens: number,
  body: (yard: Yard, server: Accounting) => Promise<void>,
  needs: readonly ClientKey[] = [],
): void {
  for (const mode of accountingModes)
    testWith([...accountingNeeds, ...needs], `accounting :: ${mode.name} :: ${title}`, async () => {
      const server = await startAccounting(tokens, mode)
      const { pool } = server
      const { pool: fifo, ...yard } = await makeYard('')
      fifo.close()
      await body({ ...yard, pool, governed: { ...yard.env, JOBSHIM_JOBSERVER: pool.auth } }, server)
      await until('all is back', () => server.account().free === tokens)
      assertBalanced(server, tokens)
      await server.end()
    })
}
