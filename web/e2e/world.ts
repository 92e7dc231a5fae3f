/** What the demo world is made of. scripts/test may name another one by environment variables. */
const env = process.env
const simulator = env.CORDBOARD_SIM_ESL?.split(':') ?? []

export const world = {
  admin: {
    userName: env.E2E_ADMIN ?? 'admin',
    /** The password of a fresh installation, and the one it is changed to. */
    first: env.E2E_ADMIN_FIRST ?? '123456',
    password: env.E2E_ADMIN_PASSWORD ?? 'correct-horse-42',
  },
  extension: env.E2E_EXTENSION ?? '1001',
  /** Printed by `cordboard demo` when it makes the data. */
  extensionPassword: env.E2E_EXTENSION_PASSWORD ?? '',
  /** A number from outside, and the one that the tests send to a queue of their own. */
  caller: env.E2E_CALLER ?? '13800138000',
  queueNumber: env.E2E_QUEUE_NUMBER ?? '66669001',
  esl: {
    host: simulator[0] ?? '127.0.0.1',
    port: Number(simulator[1] ?? 8021),
    password: env.E2E_SIM_PASSWORD ?? 'ClueCon',
  },
}
