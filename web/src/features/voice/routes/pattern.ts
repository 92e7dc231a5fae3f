/** Trying a pattern on a number in the page. The server decides with its own engine; this only helps while typing. */
export type PatternResult = 'match' | 'no_match' | 'invalid'

export function testPattern(pattern: string, number: string): PatternResult {
  try {
    return new RegExp(pattern).test(number) ? 'match' : 'no_match'
  } catch {
    return 'invalid'
  }
}
