/** What commands print with --json: one object a line, which begins with the version of its shape. docs/json.md has them. */
import { withoutOddBytes } from './bytes.js'
import { escapedForJson } from './visible.js'

/** Of all shapes. A new field keeps it; a field that goes, or means something else, is another version. */
export const shapeVersion = 1

/** Returns the line, without a newline at its end. Its texts are whole; what a terminal would not show is written as `\u....`. */
export const renderJson = (shape: object): string =>
  escapedForJson(JSON.stringify({ jobshim: shapeVersion, ...shape }, (_, value: unknown) => asText(value)))

/** Returns a value as JSON can have it: bytes that are no UTF-8 are U+FFFD, as in what launchers write. */
export const asText = (value: unknown): unknown =>
  typeof value === 'string' ? withoutOddBytes(value) : value
