import { useI18n } from 'vue-i18n'
import { asProblem, problemText, type Problem } from '@/api/problem'

/** Words for problems in the language in force. */
export function useProblemText(): (error: unknown) => string {
  const { t, te } = useI18n()
  return (error) => {
    const problem: Problem = asProblem(error)
    return problemText(problem, { t: (key, named) => t(key, named), te: (key) => te(key) })
  }
}
