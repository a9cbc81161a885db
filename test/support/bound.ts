/** What stands before a command that the modes of files shall bind: root may open everything, unless that is taken from it. */
export const boundByModes: readonly string[] =
  process.geteuid?.() === 0
    ? [
        'setpriv',
        '--bounding-set=-dac_override,-dac_read_search',
        '--inh-caps=-dac_override,-dac_read_search',
      ]
    : []
