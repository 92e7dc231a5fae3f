import { QueryClient } from '@tanstack/vue-query'
import { asProblem } from '@/api/problem'

/** Reads are repeated twice when the server or the way to it failed; refusals are answers and stay. */
export function mayRetry(failures: number, error: unknown): boolean {
  const problem = asProblem(error)
  return failures < 2 && (problem.status === 0 || problem.status >= 500)
}

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      retry: mayRetry,
      retryDelay: (attempt) => 500 * 2 ** attempt,
      staleTime: 10_000,
      refetchOnWindowFocus: false,
    },
    mutations: { retry: false },
  },
})
